//! What was measured, as lines that the report is made of.

/// Prints one measurement: of which figure, whose, how much. The report takes the
/// samples of a figure in the order that they came: the third of one and the third
/// of another belong to one round.
pub fn print(figure: &str, who: &str, value: f64) {
    println!("sample\t{figure}\t{who}\t{value}");
}
