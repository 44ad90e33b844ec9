//! What the objects of a list have in common.

/// What stands between the values of an object: its names, and how they are spaced. The
/// objects of a list mostly share it, and then none of it has to be read again.
#[derive(Debug, Default)]
pub(crate) struct Shape(Vec<Gap>);

#[derive(Debug)]
struct Gap {
    text: Box<str>,
    /// Where in it the name is.
    name: std::ops::Range<usize>,
}

impl Shape {
    /// Takes what stands before the next value.
    pub(super) fn learn(&mut self, text: &str, name: std::ops::Range<usize>) {
        self.0.push(Gap { text: text.into(), name });
    }

    /// The name at `at`, and where its value begins, if here stands what stood before
    /// the value with this index.
    #[inline]
    pub(super) fn name<'a>(
        &self,
        text: &'a str,
        at: usize,
        index: usize,
    ) -> Option<(&'a str, usize)> {
        let gap = self.0.get(index)?;
        let found = text.get(at..at + gap.text.len())?;
        (*found == *gap.text).then(|| Some((found.get(gap.name.clone())?, at + found.len())))?
    }

    /// How many values it has.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
