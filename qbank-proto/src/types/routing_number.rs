//! ABA routing transit numbers.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

/// An ABA routing number: nine digits whose 3-7-1 weighted sum is a multiple
/// of ten. It names the bank of a recipient or beneficiary.
///
/// ```
/// use qbank_proto::{RoutingNumber, RoutingNumberError};
/// let fed: RoutingNumber = "021000021".parse()?;
/// assert_eq!(fed.as_str(), "021000021");
/// assert_eq!("021000022".parse::<RoutingNumber>(), Err(RoutingNumberError::Checksum));
/// # Ok::<(), RoutingNumberError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoutingNumber([u8; 9]);

impl RoutingNumber {
    /// The nine digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for RoutingNumber {
    type Err = RoutingNumberError;

    fn from_str(text: &str) -> Result<Self, RoutingNumberError> {
        let digits: [u8; 9] =
            text.as_bytes().try_into().map_err(|_| RoutingNumberError::NotNineDigits)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(RoutingNumberError::NotNineDigits);
        }
        let sum: u32 = digits
            .iter()
            .zip([3, 7, 1].iter().cycle())
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        // Nine zeros pass the checksum and are no bank.
        if sum == 0 || !sum.is_multiple_of(10) {
            return Err(RoutingNumberError::Checksum);
        }
        Ok(Self(digits))
    }
}

impl fmt::Display for RoutingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RoutingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoutingNumber({self})")
    }
}

impl Serialize for RoutingNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RoutingNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a text is not a routing number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoutingNumberError {
    /// Not exactly nine digits.
    NotNineDigits,
    /// The 3-7-1 checksum does not hold: a digit is wrong or two are swapped.
    Checksum,
}

impl fmt::Display for RoutingNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNineDigits => "must be nine digits",
            Self::Checksum => "fails the ABA checksum: a digit is wrong or two are swapped",
        })
    }
}

impl std::error::Error for RoutingNumberError {}
