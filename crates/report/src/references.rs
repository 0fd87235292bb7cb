//! Published works that a report may cite.

/// A published work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// What markup calls it.
    pub key: &'static str,
    /// Authors as cited in the text.
    pub authors_short: &'static str,
    /// Year of publication.
    pub year: u16,
    /// Authors in full.
    pub authors: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Where it was published.
    pub venue: &'static str,
}

impl Work {
    /// Its title as a sentence: a question ends it already.
    pub(crate) fn sentence(&self) -> String {
        format!("{}{}", self.title, if self.title.ends_with('?') { "" } else { "." })
    }
}

/// The work of that key.
#[must_use]
pub fn find(key: &str) -> Option<&'static Work> {
    WORKS.iter().find(|work| work.key == key)
}

/// All works, in alphabetical order.
pub const WORKS: &[Work] = &[
    Work {
        key: "bouthillier2021",
        authors_short: "Bouthillier et al.",
        year: 2021,
        authors: "Bouthillier, X., Delaunay, P., Bronzi, M., Trofimov, A., Nichyporuk, B., Szeto, J., \
                  Sepah, N., Raff, E., Madan, K., Voleti, V., Kahou, S. E., Michalski, V., Serdyuk, \
                  D., Arbel, T., Pal, C., Varoquaux, G. & Vincent, P.",
        title: "Accounting for variance in machine learning benchmarks",
        venue: "Proceedings of Machine Learning and Systems (MLSys) 3",
    },
    Work {
        key: "cohen1988",
        authors_short: "Cohen",
        year: 1988,
        authors: "Cohen, J.",
        title: "Statistical power analysis for the behavioral sciences, 2nd edition",
        venue: "Lawrence Erlbaum Associates, Hillsdale, NJ",
    },
    Work {
        key: "glorot2010",
        authors_short: "Glorot & Bengio",
        year: 2010,
        authors: "Glorot, X. & Bengio, Y.",
        title: "Understanding the difficulty of training deep feedforward neural networks",
        venue: "Proceedings of the 13th International Conference on Artificial Intelligence and \
                Statistics (AISTATS), PMLR 9, 249–256",
    },
    Work {
        key: "guo2017",
        authors_short: "Guo et al.",
        year: 2017,
        authors: "Guo, C., Pleiss, G., Sun, Y. & Weinberger, K. Q.",
        title: "On calibration of modern neural networks",
        venue: "Proceedings of the 34th International Conference on Machine Learning (ICML), \
                PMLR 70, 1321–1330",
    },
    Work {
        key: "he2015",
        authors_short: "He et al.",
        year: 2015,
        authors: "He, K., Zhang, X., Ren, S. & Sun, J.",
        title: "Delving deep into rectifiers: surpassing human-level performance on ImageNet \
                classification",
        venue: "Proceedings of the IEEE International Conference on Computer Vision (ICCV), \
                1026–1034",
    },
    Work {
        key: "holm1979",
        authors_short: "Holm",
        year: 1979,
        authors: "Holm, S.",
        title: "A simple sequentially rejective multiple test procedure",
        venue: "Scandinavian Journal of Statistics 6(2), 65–70",
    },
    Work {
        key: "ioffe2015",
        authors_short: "Ioffe & Szegedy",
        year: 2015,
        authors: "Ioffe, S. & Szegedy, C.",
        title: "Batch normalization: accelerating deep network training by reducing internal \
                covariate shift",
        venue: "Proceedings of the 32nd International Conference on Machine Learning (ICML), \
                PMLR 37, 448–456",
    },
    Work {
        key: "krizhevsky2009",
        authors_short: "Krizhevsky",
        year: 2009,
        authors: "Krizhevsky, A.",
        title: "Learning multiple layers of features from tiny images",
        venue: "Technical report, University of Toronto",
    },
    Work {
        key: "krizhevsky2012",
        authors_short: "Krizhevsky et al.",
        year: 2012,
        authors: "Krizhevsky, A., Sutskever, I. & Hinton, G. E.",
        title: "ImageNet classification with deep convolutional neural networks",
        venue: "Advances in Neural Information Processing Systems (NIPS) 25, 1097–1105",
    },
    Work {
        key: "lakens2013",
        authors_short: "Lakens",
        year: 2013,
        authors: "Lakens, D.",
        title: "Calculating and reporting effect sizes to facilitate cumulative science: a practical \
                primer for t-tests and ANOVAs",
        venue: "Frontiers in Psychology 4, 863",
    },
    Work {
        key: "lecun1998",
        authors_short: "LeCun et al.",
        year: 1998,
        authors: "LeCun, Y., Bottou, L., Bengio, Y. & Haffner, P.",
        title: "Gradient-based learning applied to document recognition",
        venue: "Proceedings of the IEEE 86(11), 2278–2324",
    },
    Work {
        key: "loshchilov2017",
        authors_short: "Loshchilov & Hutter",
        year: 2017,
        authors: "Loshchilov, I. & Hutter, F.",
        title: "SGDR: stochastic gradient descent with warm restarts",
        venue: "International Conference on Learning Representations (ICLR)",
    },
    Work {
        key: "northcutt2021",
        authors_short: "Northcutt et al.",
        year: 2021,
        authors: "Northcutt, C. G., Athalye, A. & Mueller, J.",
        title: "Pervasive label errors in test sets destabilize machine learning benchmarks",
        venue: "Advances in Neural Information Processing Systems (NeurIPS) Datasets and \
                Benchmarks Track",
    },
    Work {
        key: "santurkar2018",
        authors_short: "Santurkar et al.",
        year: 2018,
        authors: "Santurkar, S., Tsipras, D., Ilyas, A. & Mądry, A.",
        title: "How does batch normalization help optimization?",
        venue: "Advances in Neural Information Processing Systems (NeurIPS) 31",
    },
    Work {
        key: "smith2017",
        authors_short: "Smith",
        year: 2017,
        authors: "Smith, L. N.",
        title: "Cyclical learning rates for training neural networks",
        venue: "IEEE Winter Conference on Applications of Computer Vision (WACV), 464–472",
    },
    Work {
        key: "srivastava2014",
        authors_short: "Srivastava et al.",
        year: 2014,
        authors: "Srivastava, N., Hinton, G., Krizhevsky, A., Sutskever, I. & Salakhutdinov, R.",
        title: "Dropout: a simple way to prevent neural networks from overfitting",
        venue: "Journal of Machine Learning Research 15, 1929–1958",
    },
    Work {
        key: "student1908",
        authors_short: "Student",
        year: 1908,
        authors: "Student",
        title: "The probable error of a mean",
        venue: "Biometrika 6(1), 1–25",
    },
    Work {
        key: "yosinski2014",
        authors_short: "Yosinski et al.",
        year: 2014,
        authors: "Yosinski, J., Clune, J., Bengio, Y. & Lipson, H.",
        title: "How transferable are features in deep neural networks?",
        venue: "Advances in Neural Information Processing Systems (NIPS) 27, 3320–3328",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_are_sorted_and_keys_tell_the_year() {
        assert!(WORKS.is_sorted_by_key(|work| (work.authors, work.year)));
        assert!(WORKS.iter().all(|work| work.key.ends_with(&work.year.to_string())));
    }
}
