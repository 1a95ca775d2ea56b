"""Students of the set `definitions`: their answers by cell; elsewhere they are the model's."""

# What each loses, and the answers that cost it.
WRONG = {
    "still-k-means": (
        {"test-hand-rest", "test-hand-medians"}
        | {"test-medians-step", "test-medians-objective", "test-medians-counts"}
        | {"test-ratios-params", "test-ratios-member", "test-ratios-mstep", "test-ratios-fit"},
        {
            "hand-rest": """
                rest_a = [points[0], points[1:].mean()]  # one step
                rest_b = [points[:4].mean(), points[4]]
                """,
            "hand-medians": "median_centers = [points[:4].mean(), points[4]]",
            "kmedians": """
                while True:
                    D = ((X[:, None] - centers) ** 2).sum(axis=2)
                    labels = D.argmin(axis=1)
                    counts = np.bincount(labels, minlength=len(centers))
                    yield km.KMeansState(centers, D.min(axis=1).sum(), counts)
                    centers = centers.copy()
                    for i in np.flatnonzero(counts):
                        centers[i] = X[labels == i].mean(axis=0)
                """,
            "known-ratios": "pass  # all as in km.Spherical",
            "ratios-fit": """
                common = km.mle(Z, km.MixtureModel(2, km.Isotropic()), rng=1, tol=1e-9).last
                sigma2, ell = common.mixture.covariances, common.objective
                """,
        },
    ),
    "one-step-late": (
        {"test-hand-squares", "test-hand-until"}
        | {"test-medians-start", "test-medians-objective", "test-medians-empty"}
        | {"test-far-means", "test-far-medians"}
        | {"test-share-error", "test-shares", "test-needed"}
        | {"test-ratios-mstep", "test-ratios-fit"},
        {
            "hand-squares": """
                W_a = (2 * points[:2].var() + 3 * points[2:].var()) / 5
                W_b = 4 * points[:4].var() / 5
                """,
            "hand-until": """
                middle, gap = points[2:4].mean(), points[3] - points[2]
                room = 4 * points[:4].var() - 2 * points[:2].var() - gap**2 / 2
                last_max = middle + np.sqrt(1.5 * room) + 5  # about where the two W are equal
                """,
            "kmedians": """
                while True:
                    D = abs(X[:, None] - centers).sum(axis=2)
                    labels, V = D.argmin(axis=1), D.min(axis=1).sum()
                    with np.errstate(all="ignore"):
                        parts = (X[labels == i] for i in range(len(centers)))
                        centers = np.array([np.median(part, axis=0) for part in parts])
                    D = abs(X[:, None] - centers).sum(axis=2)
                    counts = np.bincount(D.argmin(axis=1), minlength=len(centers))
                    yield km.KMeansState(centers, V, counts)
                """,
            "far": """
                far_means = groups.max() + apart * np.sqrt(size + 1)  # the 2 is lost
                far_medians = groups.max() + apart * size
                """,
            "share": """
                runs = [km.solve(km.lloyd(X, start(X, k, rng=rng))) for _ in range(n_starts)]
                p = np.mean([run.last.objective < least * (1 + 1e-6) for run in runs])
                return p, p * (1 - p) / n_starts
                """,
            "shares": """
                p_random, p_plus = (
                    share_at_best(Y, 6, start, least, 60, np.random.default_rng(4))[0]
                    for start in (km.random_points, km.kmeans_plusplus)
                )
                e_random = (p_random * (1 - p_random) / 60) ** 0.5
                e_plus = (p_plus * (1 - p_plus) / 60) ** 0.5
                """,
            "needed": """
                n_random, n_plus = round(1 / p_random), round(1 / p_plus)
                """,
            "known-ratios": """
                def n_params(self, k, d):
                    return 1

                def spherical(self, variance, k, d):
                    return variance * self.factors

                def mle(self, scatter, counts, d):
                    return self.factors * scatter.sum() / (counts.sum() * d)
                """,
        },
    ),
    "euclid": (
        {"test-medians-step", "test-medians-objective", "test-medians-counts"}
        | {"test-far-medians", "test-share", "test-ratios-member", "test-ratios-mstep"},
        {
            "kmedians": """
                while True:
                    D = np.sqrt(((X[:, None] - centers) ** 2).sum(axis=2))
                    labels = D.argmin(axis=1)
                    counts = np.bincount(labels, minlength=len(centers))
                    yield km.KMeansState(centers, D.min(axis=1).sum(), counts)
                    centers = centers.copy()
                    for i in np.flatnonzero(counts):
                        centers[i] = np.median(X[labels == i], axis=0)
                """,
            "far": """
                far_means = groups.max()
                while km.kmeans_1d(np.r_[groups, far_means], 2).centers[1] < far_means:
                    far_means = far_means + 0.1
                far_medians = far_means + 1
                """,
            "share": """
                runs = [km.solve(km.lloyd(X, start(X, k, rng=rng))) for _ in range(n_starts)]
                p = np.mean([run.last.objective == least for run in runs])
                return p, np.sqrt(p * (1 - p) / n_starts)
                """,
            "shares": """
                finals = [
                    [km.solve(km.lloyd(Y, start(Y, 6, rng=r))).last.objective for r in range(300)]
                    for start in (km.random_points, km.kmeans_plusplus)
                ]
                p_random, p_plus = (np.isclose(each, least).mean() for each in finals)
                e_random = np.sqrt(p_random * (1 - p_random) / 300)
                e_plus = np.sqrt(p_plus * (1 - p_plus) / 300)
                """,
            "known-ratios": """
                def n_params(self, k, d):
                    return 1

                def mle(self, scatter, counts, d):  # the mean of k estimates
                    return self.factors * (scatter / (self.factors * counts * d)).mean()
                """,
            "ratios-fit": """
                w, m, s2 = devices.weights, devices.means, scale**2
                for _ in range(300):
                    R = km.Mixture(w, m, s2 * factors).responsibilities(Z)
                    w = R.mean(axis=0)
                    m = R.T @ Z / R.sum(axis=0)[:, None]
                    s2 = (R * ((Z[:, None] - m) ** 2).sum(axis=2) / factors).sum() / Z.size
                sigma2 = s2
                ell = km.log_likelihood(Z, km.Mixture(w, m, s2 * factors))
                """,
        },
    ),
}

# The same in other words: nothing is lost.
RIGHT = {
    "another-way": {
        "hand-rest": """
            rest_a = np.array([points[2:].sum() / 3, points[:2].sum() / 2]).round(3)
            rest_b = (int(points[4]), float(points[:4].mean()))
            """,
        "hand-squares": """
            ends = [km.solve(km.lloyd(points[:, None], s[:, None])) for s in (start_a, start_b)]
            W_a, W_b = (round(run.last.objective, 3) for run in ends)
            """,
        "hand-until": """
            mean_right = 2 * points[2] - (points[0] + points[1]) / 2
            last_max = round(float(mean_right + 2 * mean_right - points[2] - points[3]), 3)
            """,
        "hand-medians": "median_centers = (int(points[3]), points[0] + 0.25)",
        "kmedians": """
            places = [list(map(float, c)) for c in centers]
            while True:
                own = [[] for _ in places]
                total = 0.0
                for x in X:
                    costs = [sum(abs(x - c)) for c in places]
                    own[costs.index(min(costs))].append(x)
                    total += min(costs)
                yield km.KMeansState(places, total, [len(part) for part in own])
                places = [
                    # of two middle values the upper one
                    [sorted(column)[len(part) // 2] for column in np.transpose(part)] if part else c
                    for part, c in zip(own, places)
                ]
            """,
        "far": """
            x, n = np.sort(groups), len(groups)

            def border(power):  # by formula: each other cut must cost as much
                mid = np.mean if power == 2 else np.median
                cost = lambda part: (abs(part - mid(part)) ** power).sum()
                found = []
                for cut in range(1, n):
                    right, spare = x[cut:], cost(x) - cost(x[:cut])
                    r = len(right)
                    if power == 2:
                        room = (spare - cost(right)) * (r + 1) / r
                        found.append(right.mean() + np.sqrt(max(room, 0)))
                    else:
                        found.append(1e6 - (cost(np.r_[right, 1e6]) - spare))
                return max(found)


            far_means, far_medians = round(border(2), 2), round(border(1), 2)
            """,
        "share": """
            hits = []
            while len(hits) < n_starts:
                *_, last = islice(km.lloyd(X, start(X, k, rng=rng)), 60)
                hits.append(float(abs(last.objective / least - 1) <= 1e-6))
            return float(np.mean(hits)), np.std(hits, ddof=1) / len(hits) ** 0.5
            """,
        "shares": """
            first, second = (
                np.round(share_at_best(Y, 6, start, least, 500, np.random.default_rng(77)), 3)
                for start in (km.random_points, km.kmeans_plusplus)
            )
            (p_random, e_random), (p_plus, e_plus) = first, second
            """,
        "needed": """
            n_random = n_plus = 1
            while (1 - p_random) ** n_random > 0.01:
                n_random += 1
            while (1 - p_plus) ** n_plus > 0.01:
                n_plus += 1
            """,
        "known-ratios": """
            def n_params(self, k, d):
                return k - len(self.factors) + 1

            def spherical(self, variance, k, d):
                return [variance * c for c in self.factors]

            def mle(self, scatter, counts, d):
                each = [s / (n * d * c) for s, n, c in zip(scatter, counts, self.factors)]
                sigma2 = np.average(each, weights=counts)
                return [sigma2 * c for c in self.factors]
            """,
        "ratios-fit": """
            model, tops = km.MixtureModel(2, KnownRatios(factors)), []
            for one in range(8):
                m = km.random_points(Z, 2, rng=one)
                tops.append([state for state in islice(km.em(Z, model.at(m, 1.0)), 150)][-1])
            tops = sorted(tops, key=lambda state: state.objective)
            sigma2 = round(float(tops[-1].mixture.covariances[1] / factors[1]), 3)
            ell = round(tops[-1].objective, 1)
            """,
    },
}
