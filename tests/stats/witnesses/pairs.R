# What R says about two losses paired by seed, about effect sizes, families of p values and power: writes pairs.json.
# Scores are thousandths, so that ties are ties in R as well; tests divide them by 1000.
# Debian packages r-cran-exactranktests, r-cran-coin, r-cran-effectsize, r-cran-jsonlite; run in cxr_report/conformance/witnesses: Rscript ../../../tests/stats/witnesses/pairs.R
suppressMessages(suppressWarnings({library(exactRankTests); library(coin); library(effectsize); library(jsonlite)}))
set.seed(20240118)

pairs <- list(
  three = list(x = c(812, 820, 835), y = c(801, 811, 806)),
  five_untied = list(x = c(812, 820, 835, 799, 841), y = c(801, 822, 806, 802, 815)),
  five_tied = list(x = c(820, 830, 840, 810, 850), y = c(810, 820, 820, 820, 840)),
  eight_zeros = list(x = c(820, 830, 840, 810, 850, 800, 815, 825), y = c(810, 830, 820, 820, 840, 800, 805, 845)),
  all_above = list(x = c(830, 840, 850, 860, 870, 880), y = c(810, 815, 820, 812, 840, 850)),
  twelve = list(x = 800 + round(rnorm(12, 6, 10)), y = 800 + round(rnorm(12, 0, 10))),
  twenty_tied = list(x = 800 + 5 * round(rnorm(20, 1, 2)), y = 800 + 5 * round(rnorm(20, 0, 2)))
)

wilcox <- function(x, y) {
  d <- x - y
  sides <- c("two.sided", "greater", "less")
  one <- suppressWarnings(sapply(sides, function(a) wilcox.exact(x, y, paired = TRUE, exact = TRUE, alternative = a)$p.value))
  coin_p <- function(zero, how) sapply(sides, function(a) pvalue(wilcoxsign_test(x ~ y, zero.method = zero, distribution = how, alternative = a)))
  signs <- suppressWarnings(sapply(sides, function(a) perm.test(x, y, paired = TRUE, exact = TRUE, alternative = a)$p.value))
  w <- rank(abs(d[d != 0]))
  list(w_plus = sum(w[d[d != 0] > 0]), w_minus = sum(w[d[d != 0] < 0]), n_zero = sum(d == 0), exact = unname(one),
       pratt_exact = unname(coin_p("Pratt", "exact")), asymptotic = unname(coin_p("Wilcoxon", "asymptotic")),
       pratt_asymptotic = unname(coin_p("Pratt", "asymptotic")), sign_flip = unname(signs))
}

one_t <- function(t) list(t = unname(t$statistic), df = unname(t$parameter), p = t$p.value, low = t$conf.int[1], high = t$conf.int[2])

t_tests <- function(x, y) {
  x <- x / 1000; y <- y / 1000; n <- length(x); d <- x - y
  p <- function(a) t.test(x, y, paired = TRUE, alternative = a)$p.value
  lower <- t.test(x, y, paired = TRUE, mu = -0.02, alternative = "greater"); upper <- t.test(x, y, paired = TRUE, mu = 0.02, alternative = "less")
  se <- sqrt(var(d) * (1 / n + 50 / 450)); t <- mean(d) / se
  list(paired = one_t(t.test(x, y, paired = TRUE)), paired_90 = one_t(t.test(x, y, paired = TRUE, conf.level = 0.9)),
       difference = mean(d), sd = sd(d), greater = p("greater"), less = p("less"), welch = one_t(t.test(x, y)),
       one = c(one_t(t.test(x)), estimate = mean(x), sd = sd(x)),
       tost = list(t_lower = unname(lower$statistic), t_upper = unname(upper$statistic), p_lower = lower$p.value, p_upper = upper$p.value),
       corrected = list(se = se, t = t, p = 2 * pt(-abs(t), n - 1), low = mean(d) - qt(0.975, n - 1) * se, high = mean(d) + qt(0.975, n - 1) * se),
       bayes = list(left = pt((-0.01 - mean(d)) / se, n - 1), right = pt((0.01 - mean(d)) / se, n - 1, lower.tail = FALSE)),
       shapiro_x = unlist(unname(shapiro.test(x)[c("statistic", "p.value")])))
}

effects <- function(x, y) {
  quiet <- function(e) suppressMessages(suppressWarnings(e))
  dz <- quiet(cohens_d(x, y, paired = TRUE)); gz <- quiet(hedges_g(x, y, paired = TRUE))
  rb <- quiet(rank_biserial(x, y, paired = TRUE)); cliff <- quiet(rank_biserial(x, y))
  u <- suppressWarnings(wilcox.test(x, y)$statistic) / (length(x) * length(y))
  list(dz = c(dz$Cohens_d, dz$CI_low, dz$CI_high), gz = c(gz$Hedges_g, gz$CI_low, gz$CI_high), rank_biserial = rb$r_rank_biserial,
       cliffs_delta = cliff$r_rank_biserial, vargha_delaney = unname(u), dav = mean(x - y) / mean(c(sd(x), sd(y))))
}

families <- list(c(0.01, 0.04, 0.03), c(0.001, 0.2, 0.04, 0.04, 0.9, 0.012), 0.3, runif(12)^2, c(0, 1, 0.5, 0.02), rep(0.02, 5))
methods <- c(none = "none", bonferroni = "bonferroni", holm = "holm", hochberg = "hochberg", hommel = "hommel", bh = "BH", by = "BY")
adjusted <- lapply(families, function(p) c(list(p = I(p)), lapply(methods, function(m) I(p.adjust(p, m)))))

grid <- expand.grid(d = c(0.2, 0.5, 1, 2), n = c(2, 3, 5, 10, 40), alpha = c(0.05, 0.01))
grid$power <- mapply(function(d, n, alpha) power.t.test(n = n, delta = d, sd = 1, sig.level = alpha, type = "paired", strict = TRUE)$power, grid$d, grid$n, grid$alpha)

versions <- list(R = as.character(getRversion()))
for (package in c("exactRankTests", "coin", "effectsize")) versions[[package]] <- as.character(packageVersion(package))
found <- lapply(pairs, function(p) c(p, list(wilcoxon = wilcox(p$x, p$y), t = t_tests(p$x, p$y), effects = effects(p$x, p$y))))
out <- list(source = "pairs.R", versions = versions, pairs = found, families = adjusted, power = grid)
writeLines(toJSON(out, auto_unbox = TRUE, digits = NA, dataframe = "columns"), "pairs.json")
