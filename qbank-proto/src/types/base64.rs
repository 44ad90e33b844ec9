//! Base64 (RFC 4648), as much as secrets and signatures need: no table, and no
//! code per configuration.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// With padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(*group.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= group.len() { letter.into() } else { '=' });
        }
    }
    text
}

/// The two letters in which the alphabets differ.
#[cfg(any(test, feature = "webhook"))]
#[derive(Clone, Copy)]
pub(crate) enum Alphabet {
    Standard,
    UrlSafe,
}

/// What a text stands for, with its padding or without. `None`: it is no base64, or not
/// the one text that stands for these bytes.
#[cfg(any(test, feature = "webhook"))]
pub(crate) fn decode(alphabet: Alphabet, text: &str) -> Option<Vec<u8>> {
    let bare = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    if bare.len() < text.len() && !text.len().is_multiple_of(4) {
        return None;
    }
    // It may be a secret, of which no copy is to stay behind.
    let mut bytes = Vec::with_capacity(bare.len());
    let (mut bits, mut held) = (0_u32, 0);
    for letter in bare.bytes() {
        let value = match (letter, alphabet) {
            (b'A'..=b'Z', _) => letter - b'A',
            (b'a'..=b'z', _) => letter - b'a' + 26,
            (b'0'..=b'9', _) => letter - b'0' + 52,
            (b'+', Alphabet::Standard) | (b'-', Alphabet::UrlSafe) => 62,
            (b'/', Alphabet::Standard) | (b'_', Alphabet::UrlSafe) => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if let Some(left) = u32::checked_sub(held, 8) {
            held = left;
            bytes.push(u8::try_from(bits >> held).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0 && held < 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    //! Against the crate of that name.

    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_written_and_read(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(encode(&bytes), STANDARD.encode(&bytes));
            for text in [STANDARD.encode(&bytes), STANDARD_NO_PAD.encode(&bytes)] {
                prop_assert_eq!(decode(Alphabet::Standard, &text), Some(bytes.clone()));
            }
            for text in [URL_SAFE.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                prop_assert_eq!(decode(Alphabet::UrlSafe, &text), Some(bytes.clone()));
            }
        }

        #[test]
        fn any_text_reads_as_the_crate_reads_it(text in "[A-Za-z0-9+/_=-]{0,9}|[AQgw+/_-]{1,5}=?=?") {
            let either = |padded: Option<Vec<u8>>, bare: Option<Vec<u8>>| padded.or(bare);
            prop_assert_eq!(
                decode(Alphabet::Standard, &text),
                either(STANDARD.decode(&text).ok(), STANDARD_NO_PAD.decode(&text).ok())
            );
            prop_assert_eq!(
                decode(Alphabet::UrlSafe, &text),
                either(URL_SAFE.decode(&text).ok(), URL_SAFE_NO_PAD.decode(&text).ok())
            );
        }
    }
}
