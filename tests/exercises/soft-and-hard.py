"""Students of the set `soft-and-hard`: their answers by cell; the rest is the model's."""

# What each loses, and the answers that cost it.
WRONG = {
    "forgets-the-weights": (
        {
            "test-hand-responsibilities",
            "test-hand-doubt",
            "test-hand-errors",
            "test-hand-none",
            "test-border-weights",
            "test-decide",
            "test-cost-best",
            "test-brier",
            "test-surplus",
            "test-palettes",
        },
        {
            "hand-responsibilities": """
                r_right = 1 / (1 + np.exp(-4 * (points - shift) / eps_hand))
                """,
            "border": """
                middle, between = (means[0] + means[1]) / 2, means[1] - means[0]
                return middle + variance / between * np.log(costs[0] / costs[1])
                """,
            "decide": "return R.argmax(axis=1)",
            "clinic-costs": """
                R = clinic.responsibilities(patients)
                cost_likeliest = (R @ prices)[np.arange(1500), R.argmax(axis=1)].sum()
                cost_best = (R @ prices)[:, :3].min(axis=1).sum()  # never asks the expert
                """,
            "brier": """
                hit = z[:, None] == np.arange(R.shape[1])  # mean over the components, not half
                return ((hit - R) ** 2).mean()
                """,
            "surplus": """
                R = km.Mixture([0.5, 0.5], found_centers, km.within_ss(X, found_centers) / len(X))
                R = R.responsibilities(X)
                surplus = R.max(axis=1).mean() - (R.argmax(axis=1) == z).mean()
                """,
            "palettes": """
                pixels = picture.reshape(-1, 3)
                eight = km.kmeans(pixels, 8, rng=1).last.centers
                rms_fixed = (km.within_ss(pixels, fixed_palette) / len(pixels)) ** 0.5
                rms_kmeans = (km.within_ss(pixels, eight) / len(pixels)) ** 0.5
                """,
        },
    ),
    "wrong-way-round": (
        {"test-hand-doubt", "test-hand-errors", "test-hand-none", "test-border-costs"}
        | {"test-decide", "test-cost-likeliest", "test-honest-eps", "test-brier"}
        | {"test-moves", "test-dimension", "test-rate"},
        {
            "hand-doubt": """
                r = np.array([1 - r_right[3], r_right[3]])
                in_doubt = -(r * np.log(r)).sum()  # the entropy itself
                """,
            "hand-errors": "errors = np.maximum(r_right, 1 - r_right).sum()",
            "hand-none": "none_wrong = np.maximum(r_right, 1 - r_right).mean()",
            "border": """
                ratio = costs[1] * weights[0] / (costs[0] * weights[1])
                between = means[1] - means[0]
                return (means[0] + means[1]) / 2 + variance / between * np.log(ratio)
                """,
            "decide": "return (R @ C.T).argmin(axis=1)",
            "clinic-costs": """
                R = clinic.responsibilities(patients)
                cost_likeliest = (1 - R.max(axis=1)).sum()  # counts errors, not what they cost
                cost_best = (R @ prices).min(axis=1).sum()
                """,
            "brier": "return ((np.eye(R.shape[1])[z] - R) ** 2).sum(axis=1).mean()",
            "honest-eps": """
                ratio = np.sum((centers[1] - centers[0]) ** 2) / np.sum((means[1] - means[0]) ** 2)
                return variance * ratio
                """,
            "moves": """
                line = at_rest.means[1] - at_rest.means[0]
                line /= np.linalg.norm(line)
                whole = [Y[at_rest.assign(Y) == i].mean(axis=0) for i in (0, 1)]
                moves = [(whole[i] - at_rest.means[i]) @ line for i in (0, 1)]
                """,
            "dimension": "return -np.polyfit(np.log(ks), np.log(W), 1)[0] / 2",
            "rate": """
                W = {}
                for k in (8, 16, 32, 64):
                    W[k] = km.kmeans(picture.reshape(-1, 3), k, rng=1).last.objective ** 0.5
                d_few = 2 * np.log(2) / np.log(W[8] / W[16])
                d_many = 2 * np.log(2) / np.log(W[32] / W[64])
                """,
        },
    ),
    "takes-the-guess-for-the-truth": (
        {"test-hand-errors", "test-hand-none", "test-eps-seen", "test-honest-eps"}
        | {"test-surplus", "test-moves", "test-quantize", "test-dimension", "test-palettes"}
        | {"test-cost-best", "test-border-costs", "test-border-weights"},
        {
            "hand-errors": "errors = (1 - r_right).sum()  # as if all were on the right",
            "hand-none": "none_wrong = 1 - np.minimum(r_right, 1 - r_right).sum()",
            "border": """
                ratio = costs[0] * weights[0] / (costs[1] * weights[1])
                between = means[1] - means[0]
                return (means[0] + means[1]) / 2 + 2 * variance / between * np.log(ratio)
                """,
            "clinic-costs": """
                R = clinic.responsibilities(patients)
                cost_likeliest = (R @ prices)[np.arange(1500), R.argmax(axis=1)].sum()
                cost_best = 1500 * expert  # everybody
                """,
            "eps-seen": "eps_seen = km.within_ss(X, found_centers) / X.size",
            "honest-eps": "return variance",
            "surplus": """
                R = km.Mixture([0.5, 0.5], found_centers, km.within_ss(X, found_centers) / X.size)
                R = R.responsibilities(X)
                surplus = (R.argmax(axis=1) == z).mean() - R.max(axis=1).mean()
                """,
            "moves": """
                whole = [Y[at_rest.assign(Y) == i].mean(axis=0) for i in (0, 1)]
                moves = [np.linalg.norm(whole[i] - at_rest.means[i]) for i in (0, 1)]
                """,
            "quantize": """
                names = km.assign(picture.reshape(-1, 3), palette)
                return palette[names].reshape(picture.shape).astype(np.uint8)
                """,
            "palettes": "rms_fixed, rms_kmeans = 127.5 / 12**0.5, 8.0  # as if colors were uniform",
            "dimension": "return -1 / np.polyfit(np.log(ks), np.log(W), 1)[0]",
        },
    ),
}

# The same in other words: nothing is lost.
RIGHT = {
    "another-way": {
        "hand-responsibilities": """
            ratio = weight_left / (1 - weight_left)
            r_right = [
                round(1 / (1 + ratio * np.exp(-4 * (x - shift) / eps_hand)), 3) for x in points
            ]
            """,
        "hand-doubt": """
            r = r_right[-1]
            in_doubt = round(float(r**-r * (1 - r) ** (r - 1)), 3)
            """,
        "hand-errors": "errors = round(sum(min(r, 1 - r) for r in r_right), 3)",
        "hand-none": """
            none_wrong = 1.0
            for r in r_right:
                none_wrong *= max(r, 1 - r)
            none_wrong = round(none_wrong, 3)
            """,
        "border": """
            low, high = means[0] - 1000.0, means[1] + 1000.0
            for _ in range(100):
                x = (low + high) / 2
                gap = np.log(weights[1] * costs[1]) - np.log(weights[0] * costs[0])
                gap += ((x - means[0]) ** 2 - (x - means[1]) ** 2) / (2 * variance)
                low, high = (low, x) if gap > 0 else (x, high)
            return round(float(x), 3)
            """,
        "decide": """
            actions = []
            for r in R:
                bill = [sum(r[i] * C[i][a] for i in range(len(r))) for a in range(len(C[0]))]
                actions.append(bill.index(min(bill)))
            return actions
            """,
        "clinic-costs": """
            bills = sum(clinic.responsibilities(patients)[:, [i]] * prices[i] for i in range(3))
            chosen = clinic.assign(patients)
            cost_likeliest = round(float(sum(b[a] for b, a in zip(bills, chosen))), 1)
            cost_best = round(float(np.sort(bills, axis=1)[:, 0].sum()), 1)
            """,
        "brier": """
            total = 0.0
            for stated, own in zip(R, z):
                total += sum((int(i == own) - q) ** 2 for i, q in enumerate(stated)) / 2
            return total / len(z)
            """,
        "eps-seen": """
            D = ((X[:, None] - found_centers) ** 2).sum(axis=2)
            margin = D[np.arange(len(z)), 1 - z] - D[np.arange(len(z)), z]
            low, high = 0.3 * sd**2, 3 * sd**2
            while high / low > 1.01:
                third = (high / low) ** (1 / 3)
                one, two = (
                    ((1 + np.exp(margin / (2 * e))) ** -2.0).mean()
                    for e in (low * third, high / third)
                )
                low, high = (low, high / third) if one < two else (low * third, high)
            eps_seen = round(float(low), 3)
            """,
        "honest-eps": """
            toward = means[1] - means[0]
            return float(variance * (centers[1] - centers[0]) @ toward / (toward @ toward))
            """,
        "surplus": """
            D = ((X[:, None] - found_centers) ** 2).sum(axis=2)
            eps = D.min(axis=1).mean() / 2
            sure = 1 / (1 + np.exp(-abs(D[:, 0] - D[:, 1]) / (2 * eps)))
            surplus = round(float(sure.mean() - np.mean((D[:, 1] < D[:, 0]) == z)), 3)
            """,
        "moves": """
            mu, nu = at_rest.means
            a = np.linalg.norm(nu - mu) / 2
            t = (Y - (mu + nu) / 2) @ (nu - mu) / (2 * a)
            moves = [round(-a - t[t < 0].mean(), 3), round(t[t > 0].mean() - a, 3)]
            """,
        "quantize": """
            done = np.empty(np.shape(picture))
            for i, row in enumerate(picture):
                for j, color in enumerate(row):
                    done[i, j] = min(palette, key=lambda p: np.sum((p - color) ** 2))
            return done
            """,
        "palettes": """
            eight = km.kmeans(picture.reshape(-1, 3), 8, rng=9).last.centers[::-1]
            rms_kmeans, rms_fixed = (
                round(float(np.sqrt(np.mean((quantize(picture, p) - picture) ** 2))), 3)
                for p in (eight, fixed_palette)
            )
            """,
        "dimension": "return 2 * np.log(ks[-1] / ks[0]) / np.log(W[0] / W[-1])",
        "rate": """
            logs = []
            for k in (8, 16, 32, 64):
                run = km.kmeans(picture.reshape(-1, 3), k, n_starts=5, rng=8)
                logs.append(np.log2(run.last.objective))
            d_few, d_many = round(2 / (logs[0] - logs[1]), 2), round(2 / (logs[2] - logs[3]), 2)
            """,
    },
}
