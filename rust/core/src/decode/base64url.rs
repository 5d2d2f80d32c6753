//! Base64url without padding (RFC 4648, section 5).
//!
//! In: a text. Out: its bytes. Rule: RFC 4648, 3.2 to 3.5, strictly: no padding, no character of another alphabet, trailing
//! bits zero. Invariant: takes and gives what `BASE64URL_NOPAD` of `data-encoding` does; where a text breaks the rule, only
//! that library says.

/// What stands for a character that base64url does not have.
const INVALID: u32 = 1 << 31;

/// The bits of each character at each of four places, or [`INVALID`].
const BITS: [[u32; 256]; 4] = {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = [[INVALID; 256]; 4];
    let mut place = 0;
    while place < 4 {
        let mut value = 0;
        while value < 64 {
            bits[place][ALPHABET[value as usize] as usize] = value << (6 * (3 - place));
            value += 1;
        }
        place += 1;
    }
    bits
};

/// Length of the bytes of a text of this length, if there are any.
pub const fn decoded_length(text: usize) -> Option<usize> {
    match text % 4 {
        0 => Some(text / 4 * 3),
        1 => None,
        rest => Some(text / 4 * 3 + rest - 1),
    }
}

/// The bits of up to four characters, the first ones highest of 24.
fn word(text: &[u8]) -> u32 {
    BITS.iter().zip(text).fold(0, |word, (bits, character)| word | bits[usize::from(*character)])
}

/// Writes the bytes of a text to the front of `out` and gives them; `None` where it is none, or they are more than that.
pub fn decode<'a>(text: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let out = out.get_mut(..decoded_length(text.len())?)?;
    let (fours, rest) = text.as_chunks::<4>();
    let (threes, last) = out.as_chunks_mut::<3>();
    let mut seen = 0;
    for (four, three) in fours.iter().zip(threes) {
        let word = word(four);
        seen |= word;
        let [_, a, b, c] = word.to_be_bytes();
        *three = [a, b, c];
    }
    let word = word(rest);
    seen |= word;
    let [_, bytes @ ..] = word.to_be_bytes();
    let (kept, trailing) = bytes.split_at(last.len());
    last.copy_from_slice(kept);
    (seen & INVALID == 0 && trailing.iter().all(|bits| *bits == 0)).then_some(out)
}

#[cfg(test)]
#[path = "base64url_tests.rs"]
mod tests;
