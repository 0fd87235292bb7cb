//! What a run's final weights say about each test image.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `predictions.json`: one entry per test image, in the order of the data set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predictions {
    /// The true class, 0 to 9; stored as a string of digits.
    #[serde(with = "digits")]
    pub label: Vec<u8>,
    /// The class with the largest logit (of equals, the first); stored as a string of digits.
    #[serde(with = "digits")]
    pub predicted: Vec<u8>,
    /// The predicted class's softmax probability, in [0.1, 1].
    pub confidence: Vec<f32>,
}

impl Predictions {
    /// Test images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.label.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.label.is_empty()
    }

    /// (label, predicted, confidence) of each image.
    pub fn iter(&self) -> impl Iterator<Item = (u8, u8, f32)> + '_ {
        let classes = self.label.iter().zip(&self.predicted);
        classes
            .zip(&self.confidence)
            .map(|((label, predicted), confidence)| (*label, *predicted, *confidence))
    }

    /// Why this can't be what a run said, if so.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let lengths = [self.label.len(), self.predicted.len(), self.confidence.len()];
        if lengths.iter().any(|n| *n != lengths[0]) {
            return Some(format!("label, predicted and confidence have {lengths:?} entries"));
        }
        let wrong = self.confidence.iter().find(|p| !(0.0..=1.0).contains(*p));
        wrong.map(|p| format!("a confidence is {p}, not in [0, 1]"))
    }
}

mod digits {
    use super::{Deserialize as _, Deserializer, Serializer};
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(classes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        let digits: String = classes.iter().map(|class| char::from(b'0' + class)).collect();
        to.serialize_str(&digits)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let digits = String::deserialize(from)?;
        let class = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            _ => Err(D::Error::custom("classes are digits, 0 to 9")),
        };
        digits.bytes().map(class).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions() -> Predictions {
        Predictions {
            label: vec![3, 8, 0],
            predicted: vec![3, 1, 0],
            confidence: vec![0.1, 1.0 / 3.0, 1.0],
        }
    }

    #[test]
    fn classes_are_stored_as_digits_and_confidences_come_back_to_the_bit() {
        let json = serde_json::to_string(&predictions()).unwrap();
        assert!(
            json.starts_with(r#"{"label":"380","predicted":"310","confidence":[0.1,"#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Predictions>(&json).unwrap(), predictions());
    }

    #[test]
    fn nonsense_is_named() {
        assert_eq!(predictions().problem(), None);
        let short = Predictions { label: vec![1], ..predictions() };
        assert!(short.problem().unwrap().contains("[1, 3, 3]"));
        let mut wild = predictions();
        wild.confidence[1] = 1.5;
        assert!(wild.problem().unwrap().contains("1.5"));
        let error =
            serde_json::from_str::<Predictions>(r#"{"label":"x","predicted":"","confidence":[]}"#);
        assert!(error.unwrap_err().to_string().contains("digits"));
    }
}
