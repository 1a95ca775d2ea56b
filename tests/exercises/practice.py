"""Students of the set `practice`: their answers by cell; those they lack are the model's."""

# The readings, without a generator of one's own.
READINGS = """
    R, ends = start_mixture.responsibilities(mixed), np.cumsum([0, *map(len, blocks)])
    run = [state.objective for state in islice(km.em(mixed, start_mixture), 300)]
    reads_em, reads_blocks = len(blocks) * int(np.argmax(np.array(run) >= target)), len(blocks)
    while True:
        mixture = three_sites.mle(three_sites.statistics(mixed, R))
        if km.log_likelihood(mixed, mixture) >= target:
            break
        b = reads_blocks % len(blocks)
        R[ends[b] : ends[b + 1]] = mixture.responsibilities(blocks[b])
        reads_blocks += 1
    """

# What each loses, and the answers that cost it.
WRONG = {
    "counts-twice": (
        {"test-hand-starts", "test-incremental-one", "test-incremental-many"}
        | {"test-readings-em", "test-readings-blocks", "test-next-share", "test-share"}
        | {"test-rate", "test-gibbs-labels", "test-agreement", "test-agreement-names"},
        {
            "hand-starts": "p_missed = 1 - 0.95 ** (1 / tries)",
            "incremental": """
                mixture = start
                yield mixture
                total = sum(mixture.statistics(block) for block in blocks)
                while True:
                    for block in blocks:
                        mixture = mixture.model.mle(total)
                        yield mixture
                        total = total + mixture.statistics(block)  # the old claim stays
                """,
            "readings": """
                run = [state.objective for state in islice(km.em(mixed, start_mixture), 100)]
                reads_em = int(np.argmax(np.array(run) >= target)) + 6  # iterations, not readings
                reads_blocks = 2 * reads_em
                """,
            "next-share": "return np.mean(share * f > (1 - share) * g)  # hard",
            "rate": """
                path = [0.5]
                for _ in range(3):
                    r = path[-1] * f_sick / (path[-1] * f_sick + (1 - path[-1]) * g_well)
                    path.append(r.mean())
                share_hat = path[-1]
                rate = (path[2] - path[1]) / (path[1] - path[0])
                """,
            "share-error": """
                s = 0.5
                for _ in range(2000):
                    s = np.mean(s * f_sick / (s * f_sick + (1 - s) * g_well))
                slopes = (f_sick - g_well) / (s * f_sick + (1 - s) * g_well)
                se_share = (slopes @ slopes) ** -0.5
                """,
            "gibbs": """
                while True:
                    D = (values[:, None] - means) ** 2
                    r = 1 / (1 + np.exp((D[:, 1] - D[:, 0]) / variance))  # the 2 in 2ε
                    labels = (rng.random(len(values)) < r).astype(int)
                    yield means, labels
                    n = strength + np.bincount(labels, minlength=2)
                    sums = np.bincount(labels, weights=values, minlength=2)
                    means = rng.normal(sums / n, np.sqrt(variance / n))
                """,
            "agreement": """
                one, other = a[:, None] == a, b[:, None] == b
                return np.mean((one == other)[np.triu_indices(len(a), 1)])  # not adjusted
                """,
        },
    ),
    "nothing-drawn": (
        {"test-hand-posterior", "test-hand-more", "test-hand-new", "test-hand-both"}
        | {"test-incremental-many", "test-share-error", "test-gibbs-labels", "test-gibbs-means"}
        | {"test-gibbs-empty", "test-apart", "test-together", "test-agreement"}
        | {"test-agreement-names", "test-agreement-same", "test-chance"},
        {
            "hand-posterior": """
                strength = kappa_hand + 3
                mean = (kappa_hand * prior_mean + seen.sum()) / strength
                posterior = [mean, noise_hand / strength]  # the variance
                more = 9  # forgets the prior
                """,
            "hand-new": """
                old = counts_hand @ np.exp(-((point - np.array([0, 6])) ** 2) / 2)
                new = alpha * np.exp(-((point - 3) ** 2) / (2 * tau2)) / tau2**0.5
                p_new = new / (new + old)
                """,
            "hand-both": "pooled = [block_n @ block_mean / block_n.sum(), block_scatter.sum()]",
            "incremental": """
                mixture = start
                yield mixture
                while True:
                    for block in blocks:  # each fit forgets the other blocks
                        mixture = mixture.model.mle(mixture.statistics(block))
                        yield mixture
                """,
            "readings": READINGS,
            "share-error": "se_share = np.sqrt(share_hat * (1 - share_hat) / 1000)",
            "gibbs": """
                while True:
                    labels = abs(values[:, None] - means).argmin(axis=1)
                    yield means, labels
                    n = strength + np.bincount(labels, minlength=2)
                    means = np.bincount(labels, weights=values, minlength=2) / n
                """,
            "posterior": """
                apart = 1.2 * np.ptp(km.kmeans_1d(line_values, 2).centers)
                together = 0.5**2
                """,
            "agreement": "return np.mean(a == b)",
            "chance": """
                one, other = np.bincount(first_labels) / 300, np.bincount(second_labels) / 300
                by_chance = (one @ one) * (other @ other)  # together in both
                """,
        },
    ),
    "no-prior": (
        {"test-incremental-many", "test-gibbs-means", "test-gibbs-empty"}
        | {"test-agreement", "test-agreement-names", "test-apart"},
        {
            "incremental": """
                mixture = start
                yield mixture
                kept = [mixture.statistics(block) for block in blocks]
                while True:
                    mixture = mixture.model.mle(sum(kept))
                    yield mixture  # once a pass
                    kept = [mixture.statistics(block) for block in blocks]
                """,
            "readings": READINGS,
            "gibbs": """
                while True:
                    D = (values[:, None] - means) ** 2
                    r = 1 / (1 + np.exp((D[:, 1] - D[:, 0]) / (2 * variance)))
                    labels = (rng.random(len(values)) < r).astype(int)
                    yield means, labels
                    n = np.maximum(np.bincount(labels, minlength=2), 1)
                    sums = np.bincount(labels, weights=values, minlength=2)
                    means = rng.normal(sums / n, np.sqrt(variance / n))
                """,
            "posterior": """
                model = km.MixtureModel(2, km.Isotropic(noise_var), weights="equal")
                prior = km.Prior(model, [0.0], strength=kappa)
                start = model.at([[-half], [half]])
                states = list(islice(km.gibbs(line_values[:, None], prior, start, rng=1), 3000))
                M = np.mean([state.mixture.means.ravel() for state in states], axis=0)
                apart = max(abs(M[1] - M[0]), 0.01)  # of the averages
                together = np.mean([z.labels[asked[0]] == z.labels[asked[1]] for z in states])
                """,
            "agreement": """
                def pairs(labels):  # each point with itself, too, and each pair twice
                    return (np.unique(labels, axis=0, return_counts=True)[1] ** 2).sum()

                A, B, C = pairs(a), pairs(b), pairs(np.column_stack([a, b]))
                chance = A * B / len(a) ** 2
                return 1.0 if A + B == 2 * chance else (C - chance) / ((A + B) / 2 - chance)
                """,
        },
    ),
}

# The same in other words: nothing is lost.
RIGHT = {
    "another-way": {
        "hand-starts": "p_missed = round(1 - np.exp(np.log(0.05) / tries), 3)",
        "hand-posterior": """
            told = [*seen, prior_mean]
            mean = np.average(told, weights=[1, 1, 1, kappa_hand])
            posterior = (round(mean, 3), round(np.sqrt(noise_hand / (3 + kappa_hand)), 3))
            more = 0
            while noise_hand / (3 + kappa_hand + more) > noise_hand / (3 + kappa_hand) / 4:
                more += 1
            """,
        "hand-new": """
            normal = lambda x, m, v: np.exp(-((x - m) ** 2) / 2 / v) / np.sqrt(2 * np.pi * v)
            odds = [counts_hand[0] * normal(point, 0, 1), counts_hand[1] * normal(point, 6, 1)]
            odds.append(alpha * normal(point, 3, 1 + tau2))
            p_new = round(odds[2] / sum(odds), 3)
            """,
        "hand-both": """
            n, total = sum(block_n), sum(block_n * block_mean)
            squares = sum(block_scatter + block_n * block_mean**2)
            pooled = np.array([total / n, squares - total**2 / n]).round(3)
            """,
        "incremental": """
            X, model, at = np.vstack(blocks), start.model, np.cumsum([0] + [len(b) for b in blocks])
            R, b = start.responsibilities(X), 0
            yield start
            while True:
                mixture = model.mle(model.statistics(X, R))
                yield mixture
                R[at[b] : at[b + 1]] = mixture.responsibilities(blocks[b])
                b = (b + 1) % len(blocks)
            """,
        "readings": """
            ells = [s.objective for s in islice(km.em(mixed, start_mixture), 300)]
            reads_em = 6 * sum(ell < target for ell in ells)
            found = islice(incremental_em(blocks, start_mixture), 120)
            ells = [km.log_likelihood(mixed, m) for m in found]
            reads_blocks = 6 + sum(ell < target for ell in ells) - 1
            """,
        "next-share": """
            odds = [share / (1 - share) * a / b for a, b in zip(f, g)]
            return sum(o / (1 + o) for o in odds) / len(odds)
            """,
        "rate": """
            low, high = 0.0, 1.0
            while high - low > 1e-12:  # where the likelihood is level
                s = (low + high) / 2
                level = ((f_sick - g_well) / (s * f_sick + (1 - s) * g_well)).sum()
                low, high = (s, high) if level > 0 else (low, s)
            share_hat = round(s, 3)
            rate = round(np.mean(f_sick * g_well / (s * f_sick + (1 - s) * g_well) ** 2), 3)
            """,
        "share-error": """
            se_share = round(np.sqrt(share_hat * (1 - share_hat) / 1000 / (1 - rate)), 4)
            """,
        "gibbs": """
            m = list(means)
            while True:
                z = []
                for x in values:
                    p = [np.exp(-((x - c) ** 2) / (2 * variance)) for c in m]
                    z.append(int(rng.choice(2, p=np.array(p) / sum(p))))
                yield m, z
                for i in range(2):
                    mine = [x for x, label in zip(values, z) if label == i]
                    kappa_i = strength + len(mine)
                    m[i] = rng.normal(sum(mine) / kappa_i, (variance / kappa_i) ** 0.5)
            """,
        "posterior": """
            rng, kept, m = np.random.default_rng(8), [], np.array([0.0, 1.0])
            for _ in range(6000):
                D = (line_values[:, None] - m) ** 2 / (2 * noise_var)
                r = 1 / (1 + np.exp(D[:, 1] - D[:, 0]))
                z = rng.random(24) < r
                (s, t), n = r[asked], kappa + np.array([(~z).sum(), z.sum()])
                kept.append([abs(m[1] - m[0]), s * t + (1 - s) * (1 - t)])
                m = np.array([line_values[~z].sum(), line_values[z].sum()]) / n
                m = m + np.sqrt(noise_var / n) * rng.normal(size=2)
            apart, together = np.mean(kept[200:], axis=0).round(2)
            """,
        "agreement": """
            pairs = np.triu_indices(len(a), 1)
            one, other = (a[:, None] == a)[pairs], (b[:, None] == b)[pairs]
            chance = one.sum() * other.sum() / len(one)
            above = (one.sum() + other.sum()) / 2 - chance
            return float(((one & other).sum() - chance) / above) if above else 1
            """,
        "chance": """
            rng, i, j = np.random.default_rng(3), *np.triu_indices(300, 1)
            one, shares = first_labels[i] == first_labels[j], []
            for _ in range(100):
                z = rng.permutation(second_labels)
                shares.append(np.mean(one == (z[i] == z[j])))
            by_chance = round(np.mean(shares), 2)
            """,
    },
}
