//! pain.001: what is read, what is refused, and what an attacker would send.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail")]

mod file;

use file::{BANK, FROM, TO, error, errors, options, pain001, payments, transfer};
use qbank_files::{Kind, ReadOptions, read_all};

fn good() -> String {
    pain001(&[transfer("INV-1", "1250.50"), transfer("INV-2", "0.5")], 2, "1251")
}

/// The good file with something else in one place.
fn spoiled(from: &str, to: &str) -> String {
    let good = good();
    assert!(good.contains(from), "{from}");
    good.replacen(from, to, 1)
}

#[test]
fn a_credit_transfer_becomes_a_payment() {
    let [first, second] = payments(good()).try_into().unwrap();
    assert_eq!((first.row, first.line, first.kind()), (1, 11, Kind::Ach));
    assert_eq!(first.payment_id, "INV-1");
    assert_eq!(first.reference(), Some("INV-1"));
    assert_eq!(first.amount().to_string(), "1250.50");
    assert_eq!(first.recipient_name(), Some("M&M Inc"));
    assert_eq!(first.account(), "5678");
    assert_eq!(first.source_account().to_string(), FROM);
    assert_eq!(first.effective_date.unwrap().to_string(), "2026-12-01");
    assert_eq!(first.more(), [("RmtInf/Ustrd", "invoice INV-1")]);
    assert_eq!((second.row, second.line), (2, 19));
    assert!(!format!("{first:?}").contains("12345678"));
}

#[test]
fn versions_prefixes_and_forms_of_dates_do_not_matter() {
    let old = good().replace("pain.001.001.09", "pain.001.001.03").replace(
        "<ReqdExctnDt><Dt>2026-12-01</Dt></ReqdExctnDt>",
        "<ReqdExctnDt>2026-12-01</ReqdExctnDt>",
    );
    let prefixed = good()
        .replace("</", "<!")
        .replace('<', "<p:")
        .replace("<p:!", "</p:")
        .replace("<p:?xml", "<?xml")
        .replace("xmlns=", "xmlns:p=");
    let one_line = good().replace('\n', "").replace("  ", "");
    for file in [old, prefixed, one_line, good().replace("pain.001.001.09", "pain.001.001.12")] {
        let payments = payments(&file);
        assert_eq!(payments.len(), 2);
        assert_eq!(payments[1].effective_date.unwrap().to_string(), "2026-12-01");
    }
}

#[test]
fn urgent_payments_are_wires_and_the_payments_own_type_comes_first() {
    let wires = good().replace("NURG", "URGP");
    assert!(payments(&wires).iter().all(|payment| payment.kind() == Kind::Wire));
    let own = "</PmtId>\n  <PmtTpInf><LclInstrm><Prtry>ACH</Prtry></LclInstrm></PmtTpInf>";
    let one = wires.replacen("</PmtId>", own, 1);
    let kinds: Vec<Kind> = payments(one).iter().map(qbank_files::Payment::kind).collect();
    assert_eq!(kinds, [Kind::Ach, Kind::Wire]);
}

#[test]
fn an_id_without_a_bank_is_an_account_of_the_banks_own() {
    let start = "<CdtrAgt>";
    let end = "</CdtrAgt>\n";
    let file = good();
    let (before, rest) = file.split_once(start).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let file = format!("{before}{after}").replacen("0012345678", TO, 1);
    assert_eq!(payments(file)[0].account(), "3021");
}

#[test]
fn the_debtors_account_is_an_id_or_the_one_of_from() {
    let file = spoiled(FROM, "987654321");
    assert_eq!(payments(&file)[0].source_account().to_string(), FROM);
    let errors = read_all(file.as_bytes(), &ReadOptions::new()).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "line 11, PmtInf/DbtrAcct/Id: names no account that pays: fill it in, or use --from"
    );
    // A second account that is no id either.
    let information = |account: &str, id: &str| {
        let file = pain001(&[transfer(id, "1.00")], 1, "1.00").replace(FROM, account);
        let at = file.find("<PmtInf>").unwrap();
        let end = file.find("</CstmrCdtTrfInitn>").unwrap();
        file[at..end].to_owned()
    };
    let two = |other: &str| {
        let one = pain001(&[transfer("A", "1.00")], 1, "1.00").replace(FROM, "987654321");
        let header =
            one.replace("<NbOfTxs>1<", "<NbOfTxs>2<").replace("<CtrlSum>1.00<", "<CtrlSum>2.00<");
        let (head, _) = header.split_once("<PmtInf>").unwrap();
        format!(
            "{head}{}{}</CstmrCdtTrfInitn></Document>",
            information("987654321", "A"),
            information(other, "B")
        )
    };
    assert_eq!(payments(two("987654321")).len(), 2);
    assert_eq!(payments(two(TO))[1].source_account().to_string(), TO);
    let told = error(two("111111111"));
    assert!(told.contains("PmtInf/DbtrAcct/Id: is another account than in the payments before"));
    assert!(!told.contains("111111111"));
}

#[test]
fn each_mistake_is_told_by_line_and_path() {
    let bank = format!(
        "<ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>{BANK}</MmbId></ClrSysMmbId>"
    );
    let transfer = "PmtInf/CdtTrfTxInf";
    for (from, to, told) in [
        ("<EndToEndId>INV-1<", "<EndToEndId>NOTPROVIDED<", "PmtId/EndToEndId: is NOTPROVIDED"),
        ("<EndToEndId>INV-1</EndToEndId>", "", "PmtId/EndToEndId: is missing"),
        (
            "<EndToEndId>INV-1</EndToEndId>",
            "<EndToEndId>A</EndToEndId><EndToEndId>B</EndToEndId>",
            "PmtId/EndToEndId: is given twice",
        ),
        ("Ccy=\"USD\"", "Ccy=\"EUR\"", "Amt/InstdAmt: must be in USD"),
        (" Ccy=\"USD\"", "", "Amt/InstdAmt: names no currency"),
        (">0.5<", ">0.505<", "Amt/InstdAmt: must have at most two decimals"),
        (">0.5<", ">1e3<", "Amt/InstdAmt: must be a decimal number"),
        (">0.5<", "><", "Amt/InstdAmt: is missing"),
        ("USABA", "GBDSC", "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd: must be USABA"),
        (BANK, "021000022", "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId: fails the ABA checksum"),
        (BANK, "21000021", "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId: a leading zero is missing"),
        (
            &bank,
            "<BICFI>CHASUS33</BICFI>",
            "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId: is missing: a BIC",
        ),
        (&bank, "", "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId: is missing"),
        ("<Nm>M&amp;M Inc</Nm>", "", "Cdtr/Nm: is missing"),
        ("M&amp;M", "M&#7;M", "Cdtr/Nm: must not have control characters, and has U+0007"),
        (
            "<Othr><Id>0012345678</Id></Othr>",
            "<IBAN>DE02120300000000202051</IBAN>",
            "CdtrAcct/Id/IBAN: is an IBAN",
        ),
        ("0012345678", "00\u{200b}12345678", "CdtrAcct/Id/Othr/Id: must be printable ASCII"),
        (
            "<CdtrAcct>",
            "<IntrmyAgt1></IntrmyAgt1><CdtrAcct>",
            "IntrmyAgt1: is an intermediary bank",
        ),
        ("<CdtrAcct>", "<ChqInstr/><CdtrAcct>", "ChqInstr: asks for a check"),
        ("<CdtrAcct>", "<CdtrAcct><Ccy>EUR</Ccy>", "CdtrAcct/Ccy: must be USD"),
        (
            "</PmtId>",
            "</PmtId><PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>",
            "PmtTpInf/SvcLvl/Cd: must be NURG (paid by ACH) or URGP (paid by wire)",
        ),
    ] {
        let all = errors(spoiled(from, to));
        assert!(all.iter().any(|it| it.contains(&format!("{transfer}/{told}"))), "{to}: {all:#?}");
        assert!(all.iter().all(|it| it.starts_with("line ")), "{all:#?}");
        assert!(all.iter().all(|it| !it.contains("12345678")), "{all:#?}");
    }
    for (from, to, told) in [
        ("TRF", "CHK", "line 6, PmtInf/PmtMtd: must be TRF, a credit transfer"),
        ("NURG", "SEPA", "line 7, PmtInf/PmtTpInf/SvcLvl/Cd: must be NURG"),
        (
            "<Dt>2026-12-01</Dt>",
            "<DtTm>2026-12-01T10:00:00</DtTm>",
            "line 8, PmtInf/ReqdExctnDt/DtTm: has a time",
        ),
        (
            "2026-12-01<",
            "2026-02-30<",
            "line 11, PmtInf/ReqdExctnDt: must be a day of the calendar",
        ),
        (
            "</Othr></Id></DbtrAcct>",
            "</Othr></Id><Ccy>EUR</Ccy></DbtrAcct>",
            "line 10, PmtInf/DbtrAcct/Ccy: must be USD",
        ),
        (
            "</CdtTrfTxInf>\n</PmtInf>",
            "</CdtTrfTxInf>\n<PmtMtd>TRF</PmtMtd></PmtInf>",
            "line 27, PmtInf/PmtMtd: stands after a payment",
        ),
        ("<GrpHdr>", "<GrpHdr><NbOfTxs>2</NbOfTxs>", "line 4, GrpHdr/NbOfTxs: is given twice"),
    ] {
        let all = errors(spoiled(from, to));
        assert!(all[0].starts_with(told), "{all:#?}");
    }
    let all = errors(spoiled(
        ">0.5</InstdAmt>",
        ">0.5</InstdAmt><EqvtAmt><Amt Ccy=\"EUR\">1</Amt></EqvtAmt>",
    ));
    assert!(all[0].contains("Amt/EqvtAmt: is converted: give InstdAmt in USD"), "{all:#?}");
}

#[test]
fn counts_and_sums_are_checked_exactly_at_both_levels() {
    let group = |count: &str, sum: &str| {
        spoiled(
            "<NbOfTxs>2</NbOfTxs><CtrlSum>1251<",
            &format!("<NbOfTxs>{count}</NbOfTxs><CtrlSum>{sum}<"),
        )
    };
    assert_eq!(
        error(group("3", "1251.00")),
        "line 4, GrpHdr/NbOfTxs: is 3, and there are 2 payments"
    );
    assert_eq!(
        error(group("2", "1251.01")),
        "line 4, GrpHdr/CtrlSum: is 1251.01, and the payments add up to 1251.00"
    );
    assert_eq!(
        error(group("2", "1251.000000001")),
        "line 4, GrpHdr/CtrlSum: has fractions of a cent, and the payments add up to 1251.00"
    );
    assert_eq!(payments(group("2", "1251.0000000000000")).len(), 2);
    assert!(error(group("two", "1251")).starts_with("line 4, GrpHdr/NbOfTxs: must be a number"));
    assert!(error(group("2", "1,251")).starts_with("line 4, GrpHdr/CtrlSum: must be a decimal"));
    assert_eq!(
        error(spoiled("<NbOfTxs>2</NbOfTxs><CtrlSum>1251</CtrlSum></GrpHdr>", "</GrpHdr>")),
        "GrpHdr/NbOfTxs: is missing: a message says how many payments it has"
    );
    let information = |to: &str| spoiled("TRF</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>1251<", to);
    assert_eq!(
        error(information("TRF</PmtMtd><NbOfTxs>1</NbOfTxs><CtrlSum>1251<")),
        "line 6, PmtInf/NbOfTxs: is 1, and there are 2 payments"
    );
    assert_eq!(
        error(information("TRF</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>1250.99<")),
        "line 6, PmtInf/CtrlSum: is 1250.99, and the payments add up to 1251.00"
    );
}

#[test]
fn dtds_and_entities_are_refused() {
    let bomb =
        r#"<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"#;
    let file = good().replacen("<Document", &format!("{bomb}<Document"), 1);
    assert_eq!(
        error(&file),
        "line 2, Document: has a DTD, which payment files do not need: it is refused"
    );
    let external = r#"<!DOCTYPE Document SYSTEM "file:///etc/passwd">"#;
    assert!(
        error(good().replacen("<Document", &format!("{external}<Document"), 1)).contains("a DTD")
    );
    assert!(error(format!("{bomb}<lolz>&b;</lolz>")).contains("has a DTD"));
    for file in
        [spoiled("INV-1", "&b;"), spoiled("INV-1", "&xxe;"), spoiled("Ccy=\"USD\"", "Ccy=\"&b;\"")]
    {
        assert!(error(&file).contains("has an entity"), "{file}");
    }
    assert_eq!(payments(spoiled("INV-1<", "I&#x4e;V-1<"))[0].payment_id, "INV-1");
    assert_eq!(
        payments(spoiled("INV-1<", "<![CDATA[INV<1]]><!-- & -->&gt;<"))[0].payment_id,
        "INV<1>"
    );
}

#[test]
fn nothing_in_a_message_grows_without_bound() {
    let deep = good().replacen("<GrpHdr>", &format!("{}<GrpHdr>", "<a>".repeat(100_000)), 1);
    assert!(error(deep).contains("has more than 32 elements in each other"));
    let attribute = format!("<GrpHdr a=\"{}\">", "x".repeat(1 << 20));
    let told = error(good().replacen("<GrpHdr>", &attribute, 1));
    assert!(told.contains("has a tag or a text that is too long"), "{told}");
    let text = spoiled("INV-1<", &format!("{}<", "x".repeat(1 << 20)));
    assert!(error(text).contains("too long"));
    let pieces = spoiled("INV-1<", &format!("{}<", "x<!-- -->".repeat(100_000)));
    assert!(error(pieces).contains("has a text that is too long"));
    let comment =
        good().replacen("<GrpHdr>", &format!("<!--{}--><GrpHdr>", "x".repeat(1 << 20)), 1);
    assert!(error(comment).contains("too long"));
}

#[test]
fn what_is_no_such_message_is_told_by_what_it_is() {
    for (from, to, told) in [
        (
            "pain.001.001.09",
            "pain.001.001.02",
            "line 2, Document: is pain.001.001.02: pain.001.001.03 and newer",
        ),
        (
            "pain.001.001.09",
            "pain.001.003.03",
            "line 2, Document: is pain.001.003.03: pain.001.001.03 and newer",
        ),
        ("CstmrCdtTrfInitn>", "CstmrDrctDbtInitn>", "line 3, Document: must have CstmrCdtTrfInitn"),
        ("UTF-8", "ISO-8859-1", "line 1, Document: declares an encoding: only UTF-8 is read"),
        ("<GrpHdr>", "text<GrpHdr>", "line 4, Document: has text beside its elements"),
        ("</Document>", "</Document><Document/>", "line 29, Document: has another element after"),
        ("</PmtId>", "</PmtI>", "is not well-formed: an end tag does not match its start tag"),
    ] {
        let all = errors(spoiled(from, to));
        assert!(all.last().unwrap().contains(told), "{to}: {all:#?}");
    }
    let other = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.008.001.02\"><!-- pain.001 --></Document>";
    assert!(
        error(other).contains("is pain.008.001.02: pain.001.001.03 and newer versions are read")
    );
    let none = "<Document><!-- pain.001 --></Document>";
    assert!(error(none).contains("is no message of ISO 20022"));
    let mut latin = good().into_bytes();
    let at = latin.iter().position(|byte| *byte == b'I').unwrap();
    latin[at + 200] = 0xe9;
    assert!(error(latin).contains("is not UTF-8"));
}

#[test]
fn elements_of_another_namespace_are_not_read() {
    let file = spoiled(
        "<GrpHdr>",
        "<GrpHdr><x:NbOfTxs xmlns:x=\"urn:x\">7</x:NbOfTxs><NbOfTxs xmlns=\"urn:x\">7</NbOfTxs>",
    );
    assert_eq!(payments(file).len(), 2);
}

#[test]
fn a_message_that_is_cut_off_is_told_by_where_it_ends() {
    let file = good();
    let at = file.find("<Cdtr>").unwrap();
    assert_eq!(
        error(&file[..at]),
        "line 15, PmtInf/CdtTrfTxInf: the file ends inside this element: it was probably cut off"
    );
    let empty = pain001(&[], 0, "0");
    assert_eq!(error(empty), "the message has no payment");
    let options = options().format(qbank_files::Format::Pain001);
    let errors = read_all(&b""[..], &options).unwrap_err();
    assert!(errors[0].to_string().contains("the file has no element"));
}
