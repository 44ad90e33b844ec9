//! As much of Markdown as the description uses: paragraphs, tables, **bold**, `code`.

/// Blocks of text as HTML.
pub(crate) fn blocks(text: &str) -> String {
    text.trim()
        .split("\n\n")
        .map(|block| {
            if block.starts_with('|') {
                table(block)
            } else {
                format!("<p>{}</p>\n", inline(&block.replace('\n', " ")))
            }
        })
        .collect()
}

/// A line of text as HTML.
pub(crate) fn inline(text: &str) -> String {
    let marked = |text: &str, mark: &str, tag: &str| {
        let parts = text.split(mark).enumerate();
        parts
            .map(
                |(at, part)| {
                    if at % 2 == 1 { format!("<{tag}>{part}</{tag}>") } else { part.to_owned() }
                },
            )
            .collect::<String>()
    };
    marked(&marked(&escaped(text), "**", "strong"), "`", "code")
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn table(block: &str) -> String {
    let row = |line: &str, tag: &str| {
        let cells = line.trim().trim_matches('|').split('|');
        let cell = |cell: &str| format!("<{tag}>{}</{tag}>", inline(cell.trim()));
        format!("<tr>{}</tr>\n", cells.map(cell).collect::<Vec<_>>().concat())
    };
    let mut lines = block.lines();
    let head = lines.next().map(|line| row(line, "th")).unwrap_or_default();
    let body: String = lines.skip(1).map(|line| row(line, "td")).collect();
    format!("<table>\n<thead>{head}</thead>\n<tbody>{body}</tbody>\n</table>\n")
}
