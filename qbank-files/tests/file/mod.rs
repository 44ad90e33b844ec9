//! Files to read, good ones and such as a test spoils.
#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

use qbank_files::{Payment, ReadOptions, RowError, read_all};

pub(crate) const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
pub(crate) const TO: &str = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";
pub(crate) const BANK: &str = "021000021";
pub(crate) const HEADER: &str = "payment_id,type,source_account_id,destination_account_id,recipient_name,\
                          bank_id,account_number,amount,effective_date,reference\n";

pub(crate) fn options() -> ReadOptions {
    ReadOptions::new().from(FROM.parse().unwrap())
}

pub(crate) fn payments(file: impl AsRef<[u8]>) -> Vec<Payment> {
    read_all(file.as_ref(), &options()).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

pub(crate) fn errors(file: impl AsRef<[u8]>) -> Vec<String> {
    let errors: Vec<RowError> = read_all(file.as_ref(), &options()).expect_err("a bad file");
    errors.iter().map(ToString::to_string).collect()
}

/// The only mistake of a file.
pub(crate) fn error(file: impl AsRef<[u8]>) -> String {
    let errors = errors(file);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors.into_iter().next().unwrap()
}

/// A row of [`HEADER`] to a recipient elsewhere.
pub(crate) fn csv_row(id: &str, amount: &str) -> String {
    format!("{id},ach,{FROM},,ACME Inc,{BANK},0012345678,{amount},2026-12-01,REF {id}\n")
}

/// An entry of a NACHA file.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) code: &'static str,
    pub(crate) bank: String,
    pub(crate) account: String,
    pub(crate) cents: u64,
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Entry {
    pub(crate) fn new(id: impl Into<String>, cents: u64) -> Self {
        Self {
            code: "22",
            bank: BANK.to_owned(),
            account: "0012345678".to_owned(),
            cents,
            id: id.into(),
            name: "ACME Inc".to_owned(),
        }
    }
}

/// A file of one batch of credits, right in every field.
pub(crate) fn nacha(entries: &[Entry]) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{:<94}",
            "101 021000021 1234567892611300900A094101SOME BANK              SOME COMPANY"
        ),
        format!(
            "5220{:<16}{:<20}{:<10}PPD{:<10}{:<6}261201   102100002{:07}",
            "SOME COMPANY", "", "1123456789", "VENDORS", "", 1
        ),
    ];
    let (mut hash, mut total) = (0_u64, 0);
    for (at, entry) in entries.iter().enumerate() {
        hash += entry.bank[..8].parse::<u64>().unwrap();
        total += entry.cents;
        lines.push(format!(
            "6{}{:<9}{:<17}{:010}{:<15}{:<22}  002100002{:07}",
            entry.code,
            entry.bank,
            entry.account,
            entry.cents,
            entry.id,
            entry.name,
            at + 1
        ));
    }
    let hash = hash % 10_000_000_000;
    let count = entries.len();
    lines.push(format!(
        "8220{count:06}{hash:010}{:012}{total:012}{:<10}{:<25}02100002{:07}",
        0, "1123456789", "", 1
    ));
    let blocks = (lines.len() + 1).div_ceil(10);
    lines.push(format!("9{:06}{blocks:06}{count:08}{hash:010}{:012}{total:012}{:<39}", 1, 0, ""));
    while lines.len() % 10 != 0 {
        lines.push("9".repeat(94));
    }
    assert!(lines.iter().all(|line| line.len() == 94), "{lines:#?}");
    lines
}

pub(crate) fn lines(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// Replaces columns of a line, counted from one.
pub(crate) fn put(line: &mut String, first: usize, text: &str) {
    line.replace_range(first - 1..first - 1 + text.len(), text);
}

/// One credit transfer of pain.001.
pub(crate) fn transfer(id: &str, amount: &str) -> String {
    format!(
        r#"<CdtTrfTxInf>
  <PmtId><InstrId>1</InstrId><EndToEndId>{id}</EndToEndId></PmtId>
  <Amt><InstdAmt Ccy="USD">{amount}</InstdAmt></Amt>
  <CdtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>{BANK}</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt>
  <Cdtr><Nm>M&amp;M Inc</Nm></Cdtr>
  <CdtrAcct><Id><Othr><Id>0012345678</Id></Othr></Id></CdtrAcct>
  <RmtInf><Ustrd>invoice {id}</Ustrd></RmtInf>
</CdtTrfTxInf>
"#
    )
}

/// A message of one payment information. `count` and `sum` stand in both headers.
pub(crate) fn pain001(transfers: &[String], count: usize, sum: &str) -> String {
    let transfers = transfers.concat();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
<CstmrCdtTrfInitn>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-30T09:00:00</CreDtTm><NbOfTxs>{count}</NbOfTxs><CtrlSum>{sum}</CtrlSum></GrpHdr>
<PmtInf>
<PmtInfId>P1</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{count}</NbOfTxs><CtrlSum>{sum}</CtrlSum>
<PmtTpInf><SvcLvl><Cd>NURG</Cd></SvcLvl></PmtTpInf>
<ReqdExctnDt><Dt>2026-12-01</Dt></ReqdExctnDt>
<Dbtr><Nm>Some Company</Nm></Dbtr>
<DbtrAcct><Id><Othr><Id>{FROM}</Id></Othr></Id></DbtrAcct>
{transfers}</PmtInf>
</CstmrCdtTrfInitn>
</Document>
"#
    )
}
