//! Finds where a plain value ends, whatever comes after it.

/// The end of the string that begins here, if it has no escape.
#[inline]
pub(super) fn plain_string(bytes: &[u8], at: usize) -> Option<usize> {
    let end = plain_until(bytes, at + 1);
    (bytes.get(end) == Some(&b'"')).then_some(end + 1)
}

/// Where the first quotation mark, backslash or control character is, or else the end.
#[inline]
pub(super) fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    while let Some((word, _)) = bytes.get(at..).unwrap_or_default().split_first_chunk() {
        let odd = odd_bytes(u64::from_le_bytes(*word));
        if odd != 0 {
            return at + odd.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let last = bytes.get(at..).unwrap_or_default();
    let odd = last.iter().position(|byte| matches!(byte, ..b' ' | b'"' | b'\\'));
    odd.map_or(bytes.len(), |odd| at + odd)
}

/// The high bit of the first byte that is a quotation mark, a backslash or a control
/// character; bits above that one mean nothing.
const fn odd_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // A byte that is too small borrows from its own high bit.
    let control = word.wrapping_sub(ONES * b' ' as u64) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let escape = word ^ (ONES * b'\\' as u64);
    let quote = quote.wrapping_sub(ONES) & !quote;
    let escape = escape.wrapping_sub(ONES) & !escape;
    (control | quote | escape) & HIGH
}

/// The end of the number, `null`, `true` or `false` that begins here: a number without
/// exponent, which something ends.
pub(super) fn number_or_word(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    if !matches!(rest.first()?, b'-' | b'0'..=b'9') {
        let word =
            [&b"null"[..], b"true", b"false"].into_iter().find(|word| rest.starts_with(word));
        return Some(at + word?.len());
    }
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        from + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let start = at + usize::from(rest.starts_with(b"-"));
    let mut end = digits(start);
    let leading_zero = bytes.get(start) == Some(&b'0') && end > start + 1;
    if end == start || leading_zero {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits(fraction);
        if end == fraction {
            return None;
        }
    }
    (!matches!(bytes.get(end)?, b'e' | b'E')).then_some(end)
}
