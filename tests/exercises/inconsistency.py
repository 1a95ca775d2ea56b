"""Students of `inconsistency`: their answers by cell; where they give none, it is the model's."""

# What each loses, and the answers that cost it.
WRONG = {
    "truncated": (
        {"test-hand-variance", "test-hand-limit", "test-hand-centers", "test-hand-step"}
        | {"test-excess", "test-boot-spread", "test-pollard-se", "test-coverage", "test-cover"}
        | {"test-rivals", "test-factor", "test-wrong", "test-judge-error"},
        {
            "hand-variance": "variance_hand = rows_hand.var(axis=1, ddof=1).mean()",
            "hand-limit": "variance_limit = v_hand * ((1 - 1 / 2) + (1 - 1 / r_hand)) / 2",
            "hand-centers": """
                phi_a, Phi_a = phi_table[a_hand]
                out = sd_hand * phi_a / Phi_a  # of its own group only, without the tail
                centers_limit = [means_hand[0] - out, means_hand[1] + out]
                """,
            "hand-step": """
                phi_a, Phi_a = phi_table[a_hand]
                right_step = means_hand[1] + sd_hand * phi_a / Phi_a
                """,
            "excess": """
                groups = km.Mixture([share, 1 - share], [[0.0], [distance]], sd)
                return np.ptp(km.population_kmeans(groups)) - distance
                """,
            "bootstrap": """
                resamples = rng.choice(x, size=(n_boot, len(x) // 2))  # half of the points
                return km.kmeans_1d(resamples, k).centers
                """,
            "boot-compare": """
                draws = np.random.default_rng(3).choice(x_pair, (400, 400))
                se_boot = np.ptp(km.kmeans_1d(draws, 2).centers, axis=1).std()
                C = km.pollard_covariance(pair)
                se_pollard = np.sqrt((C[0, 0] + C[1, 1]) / len(x_pair))  # as if independent
                """,
            "coverage": """
                hits = []
                for x in model.sample(200 * n, rng=rng)[0].reshape(200, n):
                    distance = np.ptp(km.kmeans_1d(x, 2).centers)
                    draws = rng.choice(x, (50, n))
                    se = np.ptp(km.kmeans_1d(draws, 2).centers, axis=1).std() / 50**0.5
                    hits.append(abs(distance - target) < 1.96 * se)
                return np.mean(hits)
                """,
            "rivals": """
                groups = km.Mixture([0.5, 0.5], [[-half], [half]], 1.0)
                between = km.population_within_ss(groups, km.population_kmeans(groups)) + long**2
                return between, 1 + long**2 * (1 - 2 / np.pi)  # the distance along the cut is lost
                """,
            "factor": "factor = half_plane * np.sqrt(np.pi / 2) / long_plane",
            "wrong": """
                wrong = []
                for c in (1.0, factor / 2):
                    Z = X_plane * [c, 1.0]
                    found = km.assign(Z, np.sort(km.kmeans(Z, 2, rng=1).last.centers, axis=0)[::-1])
                    wrong.append(np.mean(found != labels_plane))
                wrong_before, wrong_after = wrong
                """,
            "judge": """
                losses = (np.asarray(hard) - true) ** 2, (np.asarray(soft) - true) ** 2
                first, second = losses[0].mean(), losses[1].mean()
                error = 2 * np.sqrt((losses[0].var() + losses[1].var()) / len(hard))
                return first, second, second - first, error
                """,
            "leads": """
                rng, leads = np.random.default_rng(1), []
                for n in (10, 100):
                    x = few.sample(1500 * n, rng=rng)[0].reshape(1500, n)
                    hard = np.ptp(km.kmeans_1d(x, 2).centers, axis=1)
                    leads.append(judge(hard, mixture_distance(x, sd_few**2), delta_few)[2:])
                lead_small, lead_large = leads
                """,
        },
    ),
    "without-replacement": (
        {"test-hand-centers", "test-even", "test-errors", "test-boot-spread", "test-boot-se"}
        | {"test-pollard-se", "test-cover", "test-mixture", "test-judge-lead"},
        {
            "hand-centers": """
                centers_limit = means_hand  # with infinitely many points, as labels cancel
                """,
            "even": "return 2 * sd * np.sqrt(2 / np.pi)  # below it k-means is always too far",
            "errors": """
                apart = sd_far * 2
                groups = km.Mixture([share_far, 1 - share_far], [[0.0], [apart]], sd_far**2)
                center_errors = [0.0, apart] - km.population_kmeans(groups).ravel()
                """,
            "bootstrap": """
                resamples = [rng.choice(x, size=len(x), replace=False) for _ in range(n_boot)]
                return km.kmeans_1d(resamples, k).centers
                """,
            "boot-compare": """
                se_boot = np.ptp(bootstrap(x_pair, 2, 400, np.random.default_rng(1)), axis=1).std()
                C = km.pollard_covariance(pair)
                se_pollard = np.sqrt(C[0, 0] - 2 * C[0, 1] + C[1, 1])  # of n times the covariance
                """,
            "coverage": """
                hits = 0
                for x in model.sample(200 * n, rng=rng)[0].reshape(200, n):
                    draws = rng.choice(x, (50, n))
                    se = np.ptp(km.kmeans_1d(draws, 2).centers, axis=1).std()
                    hits += abs(np.ptp(km.kmeans_1d(x, 2).centers) - target) < 1.96 * se
                return hits / 200
                """,
            "cover": "cover_truth, cover_limit = 0.95, 0.95  # as promised",
            "mixture": """
                a, b = km.kmeans_1d(x, 2).centers.T[:, :, None]
                for _ in range(200):
                    r = 1 / (1 + np.exp(-(b - a) * (x - (a + b) / 2) / np.sqrt(variance)))
                    a = ((1 - r) * x).sum(axis=1, keepdims=True) / (1 - r).sum(1, keepdims=True)
                    b = (r * x).sum(axis=1, keepdims=True) / r.sum(axis=1, keepdims=True)
                return (b - a)[:, 0]
                """,
            "judge": """
                losses = (np.asarray(hard) - true) ** 2, (np.asarray(soft) - true) ** 2
                lead = losses[0] - losses[1]  # the wrong way round
                error = 2 * lead.std() / len(lead) ** 0.5
                return losses[0].mean(), losses[1].mean(), lead.mean(), error
                """,
            "leads": """
                rng, leads = np.random.default_rng(1), []
                for n in (10, 100):
                    x = few.sample(600 * n, rng=rng)[0].reshape(600, n)
                    hard = np.ptp(km.kmeans_1d(x, 2).centers, axis=1)
                    soft = mixture_distance(x, sd_few**4)  # undoes the square root
                    _, _, lead, error = judge(hard, soft, delta_few)
                    leads.append([-lead, error])
                lead_small, lead_large = leads
                """,
        },
    ),
    "in-other-units": (
        {"test-hand-step", "test-even-unit", "test-boot-form", "test-boot-se", "test-rivals"}
        | {"test-judge-lead", "test-judge-error", "test-leads"},
        {
            "hand-step": """
                member = km.Mixture([share_hand, 1 - share_hand], means_hand[:, None], sd_hand**2)
                right_step = km.population_kmeans(member)[1, 0]  # where the steps end
                """,
            "even": """
                low, high = 1.5, 6.0  # whatever sd is
                while high - low > 0.001:
                    middle = (low + high) / 2
                    low, high = (middle, high) if excess(share, middle, sd) > 0 else (low, middle)
                return (low + high) / 2
                """,
            "errors": """
                apart = sd_far * even_distance(share_far, 1.0)
                groups = km.Mixture([share_far, 1 - share_far], [[0.0], [apart]], sd_far**2)
                center_errors = km.population_kmeans(groups).ravel() - [0.0, apart]
                """,
            "bootstrap": """
                resamples = np.random.choice(x, size=(n_boot, len(x)))  # a generator of its own
                return km.kmeans_1d(resamples, k).centers
                """,
            "boot-compare": """
                found = bootstrap(x_pair, 2, 400, None)
                se_boot = np.ptp(found, axis=1).std() / len(x_pair) ** 0.5
                C = km.pollard_covariance(pair)
                se_pollard = np.sqrt((C[0, 0] - 2 * C[0, 1] + C[1, 1]) / len(x_pair))
                """,
            "rivals": """
                groups = km.Mixture([0.5, 0.5], [[-half], [half]], 1.0)
                between = km.population_within_ss(groups, km.population_kmeans(groups)) + long**2
                return 1 + half**2 + long**2 * (1 - 2 / np.pi), between
                """,
            "judge": """
                off = abs(np.asarray(hard) - true), abs(np.asarray(soft) - true)  # not squared
                lead = off[1] - off[0]
                error = 2 * lead.std() / len(lead) ** 0.5
                return off[0].mean(), off[1].mean(), lead.mean(), error
                """,
            "leads": """
                rng, leads = np.random.default_rng(1), []
                for n in (10, 100):
                    x = few.sample(8 * n, rng=rng)[0].reshape(8, n)  # eight samples
                    hard = np.ptp(km.kmeans_1d(x, 2).centers, axis=1)
                    leads.append(judge(hard, mixture_distance(x, sd_few**2), delta_few)[2:])
                lead_small, lead_large = leads
                """,
        },
    ),
}

# The same in other words: nothing is lost.
RIGHT = {
    "another-way": {
        "hand-variance": """
            a, b, c = rows_hand.T  # squared differences of all pairs
            pairs = (a - b) ** 2 + (b - c) ** 2 + (c - a) ** 2
            variance_hand = round(pairs.sum() / 27, 3)
            """,
        "hand-limit": """
            lost, kept = 1 + 1, (2 - 1) + (r_hand - 1)
            variance_limit = round(v_hand * kept / (kept + lost), 3)
            """,
        "hand-centers": """
            m, s = a_hand * sd_hand, sd_hand
            fold = 2 * s * phi_table[a_hand][0] + m * (2 * phi_table[a_hand][1] - 1)  # E|Y|
            centers_limit = [round(base_hand + fold, 3), round(base_hand - fold, 3)]
            """,
        "hand-step": """
            f, F = phi_table[a_hand]
            m, s, w = a_hand * sd_hand, sd_hand, share_hand
            own, other = m + s * f / F, -m + s * f / (1 - F)  # two truncated normals
            shares = (1 - w) * F, w * (1 - F)
            right_step = round(float(base_hand + np.average([own, other], weights=shares)), 3)
            """,
        "excess": """
            half = distance / 2
            groups = km.Mixture([1 - share, share], [[half], [-half]], [sd * sd, sd * sd])
            left, right = km.population_kmeans(groups, [-half - sd, half + sd])
            return round(float(right[0] - left[0]) - distance, 4)
            """,
        "even": """
            a, b = 1.6 * sd, 1.7 * sd  # the secant method, on a scale that hardly bends
            f = lambda d: np.ptp(km.population_kmeans(
                km.Mixture([share, 1 - share], [[0.0], [d]], sd**2))) - d
            fa, fb = f(a), f(b)
            while abs(b - a) > 1e-4 * sd:
                a, b, fa = b, b + np.clip(fb * (b - a) / (fa - fb), -sd / 4, sd / 4), fb
                fb = f(b)
            return b
            """,
        "errors": """
            apart = even_distance(share_far, sd_far)
            groups = km.Mixture([1 - share_far, share_far], [[apart], [0.0]], sd_far**2)
            left, right = km.population_kmeans(groups)[:, 0]
            center_errors = [round(left, 3), round(right - apart, 3)]
            """,
        "bootstrap": """
            rows = []
            for _ in range(n_boot):
                draw = [x[i] for i in rng.integers(len(x), size=len(x))]
                rows.append(sorted(km.kmeans_1d(draw, k).centers.tolist()))
            return rows
            """,
        "boot-compare": """
            left, right = np.transpose(bootstrap(x_pair, 2, 600, np.random.default_rng(77)))
            se_boot = round(np.std(right - left, ddof=1), 3)
            centers_pair = km.population_kmeans(pair)  # equal groups: n times the variance is 4 v
            se_pollard = round((4 * km.population_within_ss(pair, centers_pair) / 400) ** 0.5, 3)
            """,
        "coverage": """
            inside = 0
            for _ in range(200):
                X, _ = model.sample(n, rng=rng)
                left, right = km.kmeans_1d(X.ravel(), 2).centers
                draws = km.kmeans_1d(rng.choice(X.ravel(), (50, n)), 2).centers
                spread = 1.96 * (draws[:, 1] - draws[:, 0]).std(ddof=1)
                inside += right - left - spread <= target <= right - left + spread
            return inside / 200
            """,
        "cover": """
            limit_pair = 2 * km.population_kmeans(pair)[1, 0] - 2 * pair.means.mean()
            cover_limit = coverage(pair, 400, limit_pair, np.random.default_rng(8))
            cover_truth = coverage(pair, 400, np.ptp(pair.means), np.random.default_rng(9))
            """,
        "rivals": """
            u, du = np.linspace(-half - 9, half + 9, 4001, retstep=True)
            f = np.exp(-((u - half) ** 2) / 2) / np.sqrt(2 * np.pi)
            m, c = (abs(u) * f).sum() * du, long * np.sqrt(2 / np.pi)
            between = (f * (abs(u) - m) ** 2).sum() * du + long**2
            return np.round([between, (long**2 - c**2) + (1 + half**2)], 3)
            """,
        "factor": """
            low, high = 0.0, 1.0
            for _ in range(20):
                c = (low + high) / 2
                between, across = rivals(half_plane, c * long_plane)
                low, high = (c, high) if between < across else (low, c)
            factor = round(low, 3)
            """,
        "wrong": """
            def share_of_wrong(Z):
                found = km.assign(Z, km.kmeans(Z, 2, rng=42, n_starts=6).last.centers)
                table_wrong = np.zeros((2, 2))
                np.add.at(table_wrong, (labels_plane, found), 1)
                right = max(np.trace(table_wrong), np.trace(table_wrong[::-1]))
                return round(1 - right / len(Z), 3)
            wrong_before = share_of_wrong(X_plane)
            wrong_after = share_of_wrong(np.c_[X_plane[:, 0] * factor / 2, X_plane[:, 1]])
            """,
        "mixture": """
            middle = x.mean(axis=1)[:, None]
            centers = km.kmeans_1d(x, 2).centers
            for _ in range(500):
                logs = -((x[:, :, None] - centers[:, None, :]) ** 2) / (2 * variance)
                r = np.exp(logs - np.logaddexp(*logs.transpose(2, 0, 1))[:, :, None])
                centers = (r * x[:, :, None]).sum(axis=1) / r.sum(axis=1)
            return [float(abs(c[1] - c[0])) for c in centers]
            """,
        "judge": """
            n = len(hard)
            a = [(float(h) - true) ** 2 for h in hard]
            b = [(float(s) - true) ** 2 for s in soft]
            d = [v - u for u, v in zip(a, b)]
            error = 2 * np.std(d, ddof=1) / np.sqrt(n)
            return [round(v, 3) for v in (sum(a) / n, sum(b) / n, sum(d) / n, error)]
            """,
        "leads": """
            def simulated(n, samples, seed):
                draws = few.sample(samples * n, rng=seed)[0].reshape(samples, n)
                hard = [np.ptp(c) for c in km.kmeans_1d(draws, 2).centers]
                *_, lead, error = judge(hard, mixture_distance(draws, sd_few**2), delta_few)
                return np.array([lead, error])
            lead_small, lead_large = simulated(10, 400, 5), simulated(100, 150, 6)
            """,
    },
}
