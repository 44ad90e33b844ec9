//! Which format a file has, and what is told of one that has none.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail")]

mod file;

use file::{Entry, csv_row, error, lines, nacha, pain001, payments, transfer};
use qbank_files::{Format, read};

#[test]
fn each_format_is_told_by_its_content() {
    let files = [
        (Format::Csv, format!("{}{}", file::HEADER, csv_row("A", "1.00"))),
        (Format::Csv, format!("\n\u{feff}{}", "Payment ID;Amount\n")),
        (Format::Csv, "\"note\",\"payment_id\"\n".to_owned()),
        (Format::Nacha, lines(&nacha(&[Entry::new("A", 100)]))),
        (Format::Nacha, nacha(&[Entry::new("A", 100)]).concat()),
        (Format::Pain001, pain001(&[transfer("A", "1.00")], 1, "1.00")),
        (Format::Pain001, format!("\n {}", "<p:Document xmlns:p=\"urn:…pain.001.001.03\">")),
    ];
    for (format, file) in files {
        assert_eq!(Format::detect(file.trim_start().as_bytes()), Ok(format), "{file}");
        let marked = format!("\u{feff}{file}");
        assert_eq!(Format::detect(marked.as_bytes()), Ok(format), "{file}");
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    assert!("xml".parse::<Format>().is_err());
}

#[test]
fn what_is_none_of_the_three_is_told_by_what_it_is() {
    for (file, found) in [
        (&b"PK\x03\x04rest"[..], "an Excel workbook or another zip"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x1f\x8b\x08", "a file packed by gzip: unpack it first"),
        (b"\xff\xfep\0a\0", "text in UTF-16: save it as UTF-8"),
        (b"\0\0\0", "binary data"),
        (b"", "an empty file"),
        (b"\n \n", "an empty file"),
        (b"{\"payment_id\": 1}", "JSON"),
        (b"[1, 2]", "JSON"),
        (b"<!doctype html><html>", "a web page"),
        (b"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053\">", "XML of another kind"),
        (b"INV-1,ACME,021000021,0012345678,5.00\n", "text without a header that names the columns"),
        (b"sep=;\r\npayment_id;amount\r\n", "Excel's line that names the separator"),
        (b"Dear customer", "text of another kind"),
    ] {
        let told = error(file);
        assert!(told.starts_with(&format!("this is no payment file: found {found}")), "{told}");
        assert!(told.contains("; expected a CSV whose first line names columns such as"), "{told}");
        assert!(!told.contains("12345678"), "{told}");
    }
}

#[test]
fn a_format_that_is_given_is_not_detected() {
    let options = file::options().format(Format::Nacha);
    let mut rows = read(&b"payment_id,amount\n"[..], &options);
    assert_eq!(rows.format(), Some(Format::Nacha));
    assert!(rows.next().unwrap().is_err());
}

/// A pipe gives what it has, however little.
struct Drops<'a>(&'a [u8]);

impl std::io::Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.0.len().min(buffer.len()).min(1);
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

#[test]
fn a_file_may_come_byte_by_byte() {
    for file in [
        format!("{}{}", file::HEADER, csv_row("A", "1.00")),
        lines(&nacha(&[Entry::new("A", 100)])),
        nacha(&[Entry::new("A", 100)]).concat(),
        pain001(&[transfer("A", "1.00")], 1, "1.00"),
    ] {
        let input = std::io::BufReader::with_capacity(1, Drops(file.as_bytes()));
        let rows: Vec<_> = read(input, &file::options()).collect::<Result<_, _>>().unwrap();
        assert_eq!(format!("{rows:?}"), format!("{:?}", payments(&file)));
    }
}

/// Gives what it has, and breaks.
struct Breaks<'a>(&'a [u8]);

impl std::io::Read for Breaks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.0.is_empty() {
            return Err(std::io::Error::other("the disk is gone"));
        }
        std::io::Read::read(&mut self.0, buffer)
    }
}

#[test]
fn an_error_of_the_input_is_a_mistake_and_the_end() {
    for file in [
        format!("{}{}", file::HEADER, csv_row("A", "1.00").repeat(100)),
        lines(&nacha(&vec![Entry::new("A", 100); 100])),
        pain001(&vec![transfer("A", "1.00"); 100], 100, "100.00"),
    ] {
        let input = std::io::BufReader::new(Breaks(&file.as_bytes()[..file.len() - 1000]));
        let rows: Vec<_> = read(input, &file::options()).collect();
        let (last, before) = rows.split_last().unwrap();
        let told = last.as_ref().unwrap_err().to_string();
        assert!(told.ends_with("the file cannot be read: the disk is gone"), "{told}");
        assert!(before.len() > 50 && before.iter().all(Result::is_ok), "{}", before.len());
    }
}
