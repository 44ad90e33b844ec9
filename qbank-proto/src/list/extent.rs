//! How far an item reaches.

/// Follows the braces of an object over the pieces in which it comes, so that serde_json
/// reads it once and not again for every piece: an item of a megabyte that came byte by
/// byte would take it days. It need not be JSON.
#[derive(Default)]
pub(super) struct Extent {
    depth: usize,
    inside: Inside,
    ended: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Inside {
    #[default]
    Object,
    String,
    Escape,
}

impl Extent {
    /// Whether the object ends in its next piece, or did before.
    pub(super) fn ends_in(&mut self, piece: &[u8]) -> bool {
        for byte in piece {
            if self.ended {
                break;
            }
            self.inside = match (self.inside, byte) {
                (Inside::String, b'\\') => Inside::Escape,
                (Inside::Escape, _) | (Inside::Object, b'"') => Inside::String,
                (Inside::String, b'"') => Inside::Object,
                (inside, _) => inside,
            };
            match (self.inside, byte) {
                (Inside::Object, b'{') => self.depth += 1,
                (Inside::Object, b'}') => {
                    self.depth = self.depth.saturating_sub(1);
                    self.ended = self.depth == 0;
                }
                _ => {}
            }
        }
        self.ended
    }
}
