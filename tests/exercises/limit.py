"""Students of the set `limit`: their answers by cell; where they give none, it is the model's."""

# What each loses, and the answers that cost it.
WRONG = {
    "forgets-the-2": (
        {
            "test-hand-responsibilities",
            "test-hand-em",
            "test-hand-eps",
            "test-soft-iterates",
            "test-soft-objective",
        },
        {
            "hand-responsibilities": """
                r_right = 1 / (1 + np.exp(-8 * (points - shift - 2) / eps_hand))
                """,
            "hand-em": """
                r = 1 / (1 + np.exp(-8 * (points - shift - 2) / eps_hand))
                em_centers = [(1 - r) @ points / (1 - r).sum(), r @ points / r.sum()]
                """,
            "hand-eps": "eps_share = 8 * (points[3] - shift - 2) / np.log(share / (1 - share))",
            "soft-kmeans": """
                while True:
                    D = ((X[:, None] - centers) ** 2).sum(axis=2)
                    low = D.min(axis=1, keepdims=True)
                    R = np.exp((low - D) / eps)
                    yield centers, low.sum() - eps * np.log(R.mean(axis=1)).sum()
                    R /= R.sum(axis=1, keepdims=True)
                    centers = R.T @ X / R.sum(axis=0)[:, None]
                """,
        },
    ),
    "distance-not-squared": (
        {"test-soft-iterates", "test-soft-objective", "test-collapse", "test-collapse-exact"},
        {
            "soft-kmeans": """
                while True:
                    D = np.sqrt(((X[:, None] - centers) ** 2).sum(axis=2))
                    low = D.min(axis=1, keepdims=True)
                    R = np.exp((low - D) / (2 * eps))
                    yield centers, low.sum() - 2 * eps * np.log(R.mean(axis=1)).sum()
                    R /= R.sum(axis=1, keepdims=True)
                    centers = R.T @ X / R.sum(axis=0)[:, None]
                """,
            "collapse": "return X.var(axis=0).sum()  # the trace, not the largest eigenvalue",
        },
    ),
    "underflow": (
        {"test-soft-stable", "test-collapse-exact", "test-cem-weights", "test-anneal-least"},
        {
            "soft-kmeans": """
                while True:
                    E = np.exp(-((X[:, None] - centers) ** 2).sum(axis=2) / (2 * eps))
                    yield centers, -2 * eps * np.log(E.mean(axis=1)).sum()
                    R = E / E.sum(axis=1, keepdims=True)
                    centers = R.T @ X / R.sum(axis=0)[:, None]
                """,
            "collapse": "return np.linalg.eigvalsh(np.atleast_2d(np.cov(X.T)))[-1]  # n - 1",
            "cem-step": """
                labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
                new = [X[labels == i].mean(axis=0) for i in range(len(centers))]
                return np.array(new), np.bincount(labels) / len(X)
                """,
            "anneal": """
                centers, path = np.tile(X.mean(axis=0), (k, 1)), []
                for eps in schedule:  # never nudged
                    model = km.MixtureModel(k, km.Isotropic(eps), weights="equal")
                    *_, last = islice(km.em(X, model.at(centers)), 31)
                    centers = last.mixture.means
                    path.append(centers)
                return path
                """,
            "anneal-compare": """
                W_bad = km.solve(km.lloyd(Y, bad)).last.objective
                W_best = km.kmeans(Y, 2, rng=1).last.objective  # from other starts
                """,
        },
    ),
    "one-step-late": (
        {"test-hand-lloyd", "test-soft-start", "test-gap", "test-collapse-seen"}
        | {"test-cem-equal", "test-cem-weights", "test-anneal-path", "test-anneal-compare"},
        {
            "hand-lloyd": "lloyd_centers = [points[0], points[1:].mean()]",
            "soft-kmeans": """
                while True:
                    D = ((X[:, None] - centers) ** 2).sum(axis=2)
                    R = np.exp((D.min(axis=1, keepdims=True) - D) / (2 * eps))
                    R /= R.sum(axis=1, keepdims=True)
                    centers = R.T @ X / R.sum(axis=0)[:, None]
                    D = ((X[:, None] - centers) ** 2).sum(axis=2)
                    low = D.min(axis=1, keepdims=True)
                    mean = np.exp((low - D) / (2 * eps)).mean(axis=1)
                    yield centers, low.sum() - 2 * eps * np.log(mean).sum()
                """,
            "gap": """
                model = km.MixtureModel(2, km.Isotropic(eps), weights="equal")
                *_, last = islice(km.em(X, model.at(start)), 301)
                return ((last.mixture.means[0] - last.mixture.means[1]) ** 2).sum()
                """,
            "collapse-seen": "eps_seen = np.var(X, axis=0).sum()",
            "cem-step": """
                R = km.Mixture(weights, centers, eps).responsibilities(X)  # soft
                return R.T @ X / R.sum(axis=0)[:, None], R.mean(axis=0)
                """,
            "anneal": """
                centers, path = km.kmeans_plusplus(X, k, rng=rng), []
                for eps in schedule[6:]:  # begins below the collapse
                    model = km.MixtureModel(k, km.Isotropic(eps), weights="equal")
                    *_, last = islice(km.em(X, model.at(centers)), 31)
                    centers = last.mixture.means
                    path.append(centers)
                return path[:1] * 6 + path
                """,
            "anneal-compare": "W_bad, W_best = km.within_ss(Y, bad), 1.0",
        },
    ),
}

# The same in other words: nothing is lost.
RIGHT = {
    "another-way": {
        "hand-lloyd": "lloyd_centers = np.array([points[2:].mean(), points[:2].mean()])",
        "hand-responsibilities": """
            a, b = (np.exp(-((points - m) ** 2) / (2 * eps_hand)) for m in centers_hand)
            r_right = [round(value, 3) for value in b / (a + b)]
            """,
        "hand-em": """
            a, b = (np.exp(-((points - m) ** 2) / (2 * eps_hand)) for m in centers_hand)
            r = np.round(b / (a + b), 3)
            em_centers = [round(w @ points / w.sum(), 3) for w in (r, 1 - r)]
            """,
        "hand-eps": "eps_share = 4 * (points[-1] - shift - 2) / -np.log(1 / share - 1)",
        "soft-kmeans": """
            centers = np.array(centers)
            while True:
                logs = np.array([-np.sum((X - m) ** 2, axis=1) / (2 * eps) for m in centers])
                total = np.logaddexp.reduce(logs)
                objective = -2 * eps * sum(total - np.log(len(centers)))
                yield centers.copy(), objective
                for i, log in enumerate(logs):
                    r = np.exp(log - total)
                    centers[i] = np.average(X, axis=0, weights=r)
            """,
        "gap": """
            means = np.array(start)
            for _ in range(1000):
                D = ((X[:, None] - means) ** 2).sum(axis=2)
                r = 1 / (1 + np.exp((D[:, 0] - D[:, 1]) / (2 * eps)))
                means = np.array([(1 - r) @ X / (1 - r).sum(), r @ X / r.sum()])
            return float(np.hypot(*(means[1] - means[0])))
            """,
        "collapse-seen": """
            mean, v, big = X.mean(axis=0), away, 9 * sd**2
            model = km.MixtureModel(2, km.Isotropic(big), weights="equal")
            for _ in range(50):  # there, each step of EM shrinks a small gap by the same factor
                v = 0.01 * sd * v / np.linalg.norm(v)
                _, after = islice(km.em(X, model.at([mean - v, mean + v])), 2)
                v = after.mixture.means[1] - mean
            eps_seen = big * np.linalg.norm(v) / (0.01 * sd)
            """,
        "collapse": "return np.linalg.svd(X - X.mean(axis=0))[1][0] ** 2 / len(X)",
        "cem-step": """
            sets = {i: [] for i in range(len(centers))}
            for x in X:
                costs = ((x - centers) ** 2).sum(axis=1) - 2 * eps * np.log(weights)
                sets[int(np.argmin(costs))].append(x)
            new = [np.mean(s, axis=0) if s else centers[i] for i, s in sets.items()]
            return new, [len(s) / len(X) for s in sets.values()]
            """,
        "anneal": """
            means, kept = np.repeat(X.mean(axis=0)[None], k, axis=0), []
            for eps in schedule:
                means = means + rng.normal(0, 0.01 * eps**0.5, size=(k, X.shape[1]))
                for _ in range(30):
                    D = ((X[:, None] - means) ** 2).sum(axis=2)
                    R = np.exp((D.min(axis=1)[:, None] - D) / (2 * eps))
                    R = R / R.sum(axis=1)[:, None]
                    means = (R / R.sum(axis=0)).T @ X
                kept.append(means)
            return np.array(kept)
            """,
        "anneal-compare": """
            W_bad = km.solve(km.lloyd(Y, bad[::-1])).last.objective
            W_best = km.kmeans(Y, 2, rng=5).last.objective
            """,
    },
}
