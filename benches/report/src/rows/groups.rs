//! The table of what is wanted.

use super::{Against, Group, Row, Target, Unit};
use Target::{AtLeast, AtMost};
use Unit::{
    Allocations, Bytes, Count, Crates, Instructions, KiB, MegaBytes, MegaBytesPerSecond, MiB,
    Microseconds, Milliseconds, Nanoseconds, PerSecond, Seconds,
};

const THE_LAYER: &str = "what is above the floor is the machine: a call that can be \
    retried, followed and resumed keeps its key, its bytes, its limits and a summary of each \
    attempt, and its answer keeps head and body.";
const THE_TREE: &str = "what is above the bare tree is what the core needs: dates \
    (`chrono`), signatures (`hmac`, `sha2` and the eight that they bring, which the feature \
    `webhook` holds), traces, uuids and randomness. The target was set when a bare hyper \
    client had 47 crates: without HTTP/2, which is eight more.";

pub(crate) const GROUPS: [Group; 12] = [
    Group {
        title: "The core: an ACH payment",
        short: "ACH",
        about: "A request built and its answer decoded, in memory, against the same by hand \
            with `http` and `serde_json`: exact money, a key in its header, a bearer, a JSON \
            body, a 202 with a `Location`. Once with the documented answer without a body, once \
            with one.",
        rows: &[
            Row::ratio(
                "instructions, `Location` alone",
                "instructions.ach.located",
                1.25,
                Instructions,
            )
            .called("ours", "by hand")
            .if_missed(THE_LAYER),
            Row::ratio(
                "instructions, with a body",
                "instructions.ach.with_body",
                1.25,
                Instructions,
            )
            .called("ours", "by hand")
            .if_missed(THE_LAYER),
            Row::more("allocations, `Location` alone", "allocations.ach.located", 6.0, Allocations)
                .called("ours", "by hand")
                .if_missed(THE_LAYER),
            Row::more("allocations, with a body", "allocations.ach.with_body", 6.0, Allocations)
                .called("ours", "by hand")
                .if_missed(THE_LAYER),
            Row::new(
                "time (criterion)",
                "time.ach",
                Against::Ratio("time.ach", "floor"),
                Target::None,
                Nanoseconds,
            )
            .called("ours", "by hand"),
        ],
    },
    Group {
        title: "`qbank-hyper` over bare `hyper-util`",
        short: "hyper",
        about: "A whole call, against a bare client with a request made beforehand and the \
            same parsing. Instructions are those of user space, the client's process alone, one \
            call after the other; processor time is with 64 in flight.",
        rows: &[
            Row::more("GET: allocations", "hyper.get.allocations", 6.0, Allocations)
                .if_missed(THE_LAYER),
            Row::more("GET: instructions", "hyper.get.instructions", 8_000.0, Instructions)
                .if_missed(THE_LAYER),
            Row::more("POST: allocations", "hyper.post.allocations", 14.0, Allocations)
                .if_missed(THE_LAYER),
            Row::more("POST: instructions", "hyper.post.instructions", 15_000.0, Instructions)
                .if_missed(THE_LAYER),
            Row::ratio("GET: processor time per call", "hyper.get.cpu", 1.2, Microseconds)
                .if_missed(THE_LAYER),
            Row::ratio("POST: processor time per call", "hyper.post.cpu", 1.2, Microseconds)
                .if_missed(THE_LAYER),
        ],
    },
    Group {
        title: "`qbank-hyper` and a hand-rolled `reqwest` client",
        short: "reqwest",
        about: "What a user would write instead, with a token cache and a retry loop \
            (`peers/src/lib.rs`), 64 in flight. The last rows show how far the bare client is \
            ahead of it: what could be had at most.",
        rows: &[
            Row::new(
                "GET: calls per second",
                "reqwest.get.rate",
                Against::Ratio("reqwest.get.rate", "peer"),
                AtLeast(1.2),
                PerSecond,
            )
            .called("ours", "reqwest"),
            Row::new(
                "POST: calls per second",
                "reqwest.post.rate",
                Against::Ratio("reqwest.post.rate", "peer"),
                AtLeast(1.2),
                PerSecond,
            )
            .called("ours", "reqwest"),
            Row::new(
                "GET: processor time per call",
                "reqwest.get.cpu",
                Against::Ratio("reqwest.get.cpu", "peer"),
                Target::None,
                Microseconds,
            )
            .called("ours", "reqwest"),
            Row::new(
                "POST: processor time per call",
                "reqwest.post.cpu",
                Against::Ratio("reqwest.post.cpu", "peer"),
                Target::None,
                Microseconds,
            )
            .called("ours", "reqwest"),
            Row::new(
                "GET: the bare client's calls per second",
                "reqwest.get.rate",
                Against::Ratio("reqwest.get.rate", "peer"),
                Target::None,
                PerSecond,
            )
            .of("floor")
            .called("bare", "reqwest"),
            Row::new(
                "POST: the bare client's calls per second",
                "reqwest.post.rate",
                Against::Ratio("reqwest.post.rate", "peer"),
                Target::None,
                PerSecond,
            )
            .of("floor")
            .called("bare", "reqwest"),
        ],
    },
    Group {
        title: "`qbank-blocking` over bare `ureq`",
        short: "blocking",
        about: "A whole call, one after the other, against a bare agent with the same limit \
            on each phase, a request made beforehand and the same parsing. Threads are counted \
            by the numbers that the standard library gives to all that it starts.",
        rows: &[
            Row::ratio("GET: processor time per call", "blocking.get.cpu", 1.15, Microseconds)
                .if_missed(THE_LAYER),
            Row::ratio("POST: processor time per call", "blocking.post.cpu", 1.15, Microseconds)
                .if_missed(THE_LAYER),
            Row::alone("threads started per call", "blocking.threads", AtMost(0.0), Count),
        ],
    },
    Group {
        title: "`qbank-hyper` and `async-stripe`",
        short: "async-stripe",
        about: "A balance read from one server through each, as shipped, 64 in flight. \
            `async-stripe` keeps no connection: it opens one per call.",
        rows: &[Row::new(
            "processor time per call",
            "stripe.get.cpu",
            Against::Ratio("stripe.get.cpu", "peer"),
            AtMost(0.5),
            Microseconds,
        )
        .called("ours", "async-stripe")],
    },
    Group {
        title: "The Python package over bare `httpx`",
        short: "Python",
        about: "A whole call, one after the other and with 64 in flight, against bare `httpx` \
            with the headers, the key and the JSON by hand, and a call of the same shape of the \
            Kard SDK (`python/bench.py`). A list of a million transactions, streamed: what the \
            resident peak grew by after its first tenth, and what the first tenth itself took \
            beside what 2,000 items leave. Import is of a fresh interpreter.",
        rows: &[
            Row::ratio("sync GET: processor time", "python.sync.get", 1.25, Microseconds),
            Row::ratio("sync POST: processor time", "python.sync.post", 1.25, Microseconds),
            Row::ratio("async GET: processor time", "python.async.get", 1.25, Microseconds),
            Row::ratio("async POST: processor time", "python.async.post", 1.25, Microseconds),
            python_given("sync GET over a given httpx client", "python.sync.given.get"),
            python_given("sync POST over a given httpx client", "python.sync.given.post"),
            python_peer("sync GET and Kard", "python.sync.get", Microseconds),
            python_peer("sync POST and Kard", "python.sync.post", Microseconds),
            python_peer("async GET and Kard", "python.async.get", Microseconds),
            python_peer("async POST and Kard", "python.async.post", Microseconds),
            memory("stream: growth", "python.stream.growth"),
            memory("stream: the first tenth", "python.stream.tenth"),
            Row::alone("stream: time of an item", "python.stream.item", Target::None, Microseconds),
            Row::new(
                "import, against httpx and pydantic alone",
                "python.import",
                Against::Ratio("python.import", "floor"),
                Target::None,
                Milliseconds,
            )
            .called("ours", "both"),
            python_peer("import and Kard", "python.import", Milliseconds),
            Row::alone("the wheel", "python.wheel", Target::None, MegaBytes),
        ],
    },
    Group {
        title: "Webhooks",
        short: "webhook",
        about: "A delivery verified, its tag in hex. By hand it is `hmac` and `sha2` with a \
            key prepared once, and the hex digits read; `ring` likewise. `standardwebhooks` is \
            held against our verifier of the same scheme, from the same headers. Valgrind does \
            not know the processor's own SHA-256, so only times are held against times.",
        rows: &[
            Row::ratio("512 B", "time.webhook.512", 1.1, Nanoseconds).called("ours", "by hand"),
            Row::ratio("4 KiB", "time.webhook.4096", 1.1, Nanoseconds).called("ours", "by hand"),
            Row::ratio("64 KiB", "time.webhook.65536", 1.1, Nanoseconds).called("ours", "by hand"),
            webhook_ring("512 B over `ring`", "time.webhook.512"),
            webhook_ring("4 KiB over `ring`", "time.webhook.4096"),
            webhook_ring("64 KiB over `ring`", "time.webhook.65536"),
            Row::alone("allocations, 512 B", "allocations.webhook.512", AtMost(0.0), Count),
            Row::alone("allocations, 64 KiB", "allocations.webhook.65536", AtMost(0.0), Count),
            webhook_peer("`standardwebhooks`, 512 B", "time.webhook.standard.512"),
            webhook_peer("`standardwebhooks`, 4 KiB", "time.webhook.standard.4096"),
            webhook_peer("`standardwebhooks`, 64 KiB", "time.webhook.standard.65536"),
        ],
    },
    Group {
        title: "Decoding transactions",
        short: "decode",
        about: "Exact money, against `serde_json` into structs that borrow every text, keep \
            the amount as it was written, and parse nothing: ours gives owned texts, and parsed \
            ids, times, days and cents. Then against what most people would write: a derive that \
            owns its texts, with chrono's dates and a float for the money. Buffered is a whole \
            call; streamed takes chunks of 16 KiB and drops each item once it is seen.",
        rows: &[
            decode("200,000 buffered", "decode.200000", "buffered"),
            decode("200,000 streamed", "decode.200000", "streamed"),
            decode("1,000,000 buffered", "decode.1000000", "buffered"),
            decode("1,000,000 streamed", "decode.1000000", "streamed"),
            decode_peer("200,000 buffered", "decode.200000", "buffered"),
            decode_peer("200,000 streamed", "decode.200000", "streamed"),
        ],
    },
    Group {
        title: "Memory while streaming",
        short: "memory",
        about: "The most that the client's process took above what it took idle: connected, \
            with a token, one call made. Resident is what the system counts, heap what the \
            allocator was asked for.",
        rows: &[
            memory("blocking, 10,000: resident", "streaming.blocking.10000.resident"),
            memory("blocking, 100,000: resident", "streaming.blocking.100000.resident"),
            memory("blocking, 1,000,000: resident", "streaming.blocking.1000000.resident"),
            memory("blocking, 1,000,000: heap", "streaming.blocking.1000000.heap"),
            memory("hyper, 10,000: resident", "streaming.hyper.10000.resident"),
            memory("hyper, 100,000: resident", "streaming.hyper.100000.resident"),
            memory("hyper, 1,000,000: resident", "streaming.hyper.1000000.resident"),
            memory("hyper, 1,000,000: heap", "streaming.hyper.1000000.heap"),
        ],
    },
    Group {
        title: "Calls in flight on one session",
        short: "in flight",
        about: "An ACH payment with 1, 100 and 10,000 in flight at once, over one HTTP/2 \
            connection each, so that descriptors are not what is measured: the bank holds every \
            answer until all have come. Flat means that a call does not cost more than 20 % more \
            than it does alone. Processor time falls at first, since one system call then serves \
            many, and rises again as ten thousand do not fit into the caches: the bare client's \
            beside it shows how much of that is ours.",
        rows: &[
            flat(
                "instructions, 100 against 1",
                "in_flight.100.instructions",
                "in_flight.1.instructions",
                Instructions,
            ),
            flat(
                "instructions, 10,000 against 1",
                "in_flight.10000.instructions",
                "in_flight.1.instructions",
                Instructions,
            ),
            flat(
                "processor time, 100 against 1",
                "in_flight.100.cpu",
                "in_flight.1.cpu",
                Microseconds,
            ),
            flat(
                "processor time, 10,000 against 1",
                "in_flight.10000.cpu",
                "in_flight.1.cpu",
                Microseconds,
            ),
            beside("processor time, 1", "in_flight.1.cpu", Microseconds),
            beside("processor time, 100", "in_flight.100.cpu", Microseconds),
            beside("processor time, 10,000", "in_flight.10000.cpu", Microseconds),
            beside("memory per call, 10,000", "in_flight.10000.bytes", Bytes),
        ],
    },
    Group {
        title: "Weight of a small program",
        short: "weight",
        about: "One balance and one payment, rustls with ring (`weight/`). Crates are all \
            that is in the tree but the program; seconds are of `cargo build` into an empty \
            folder, once, with what cargo's release profile does, on all processors of this \
            machine; bytes are stripped.",
        rows: &[
            weight(
                "hyper: crates",
                "weight.hyper.crates",
                55.0,
                "weight.bare-hyper.crates",
                Crates,
            ),
            Row::alone(
                "hyper without the feature `webhook`: crates",
                "weight.hyper.lean",
                Target::None,
                Crates,
            ),
            weight(
                "hyper: cold build",
                "weight.hyper.seconds",
                38.0,
                "weight.bare-hyper.seconds",
                Seconds,
            ),
            weight(
                "hyper: stripped",
                "weight.hyper.bytes",
                3_400_000.0,
                "weight.bare-hyper.bytes",
                MegaBytes,
            ),
            weight(
                "blocking: crates",
                "weight.blocking.crates",
                42.0,
                "weight.bare-ureq.crates",
                Crates,
            ),
            Row::alone(
                "blocking without the feature `webhook`: crates",
                "weight.blocking.lean",
                Target::None,
                Crates,
            ),
            weight(
                "blocking: cold build",
                "weight.blocking.seconds",
                32.0,
                "weight.bare-ureq.seconds",
                Seconds,
            ),
            weight(
                "blocking: stripped",
                "weight.blocking.bytes",
                3_100_000.0,
                "weight.bare-ureq.bytes",
                MegaBytes,
            ),
            peer("`reqwest`: crates", "weight.reqwest.crates", Crates),
            peer("`reqwest`: cold build", "weight.reqwest.seconds", Seconds),
            peer("`reqwest`: stripped", "weight.reqwest.bytes", MegaBytes),
            peer("`async-stripe`: crates", "weight.stripe.crates", Crates),
            peer("`async-stripe`: cold build", "weight.stripe.seconds", Seconds),
            peer("`async-stripe`: stripped", "weight.stripe.bytes", MegaBytes),
        ],
    },
    Group {
        title: "What is shipped",
        short: "shipped",
        about: "The npm package is what a browser loads, wasm and JavaScript, gzipped; the \
            program is built for release and stripped.",
        rows: &[
            Row::alone("the npm package", "npm.gzipped", AtMost(140.0 * 1024.0), KiB),
            Row::alone("`qbank`", "program.bytes", AtMost(6_000_000.0), MegaBytes).if_missed(
                "the target was set before the program had an outbox and payment runs: SQLite, a \
                client of Postgres with an async runtime, and readers of payment files.",
            ),
        ],
    },
];

const fn webhook_ring(what: &'static str, figure: &'static str) -> Row {
    Row::new(what, figure, Against::Ratio(figure, "ring"), Target::None, Nanoseconds)
        .called("ours", "ring")
}

const fn python_peer(what: &'static str, figure: &'static str, unit: Unit) -> Row {
    Row::new(what, figure, Against::Ratio(figure, "peer"), Target::None, unit)
        .called("ours", "Kard")
}

/// Without a target: that is for the client of our own.
const fn python_given(what: &'static str, figure: &'static str) -> Row {
    Row::new(what, figure, Against::Ratio(figure, "floor"), Target::None, Microseconds)
}

const fn webhook_peer(what: &'static str, figure: &'static str) -> Row {
    // How many times faster: theirs over ours.
    Row::new(what, figure, Against::Ratio(figure, "ours"), AtLeast(5.0), Nanoseconds)
        .of("peer")
        .called("standardwebhooks", "ours")
        .if_missed(
            "the tag is base64 here, which `base64ct` decodes in constant time and without tables, \
            small for a browser: some 400 ns more than a tag in hex, which count where the body is \
            short.",
        )
}

const fn decode(what: &'static str, figure: &'static str, who: &'static str) -> Row {
    let against = Against::Ratio(figure, "floor");
    Row::new(what, figure, against, AtLeast(0.6), MegaBytesPerSecond)
        .of(who)
        .called("ours", "borrowed")
        .if_missed("the floor neither owns a text nor parses a value.")
}

const fn decode_peer(what: &'static str, figure: &'static str, who: &'static str) -> Row {
    let against = Against::Ratio(figure, "peer");
    Row::new(what, figure, against, AtLeast(1.3), MegaBytesPerSecond)
        .of(who)
        .called("ours", "plain derive")
}

const fn memory(what: &'static str, figure: &'static str) -> Row {
    Row::alone(what, figure, AtMost(4.0), MiB)
}

const fn flat(what: &'static str, many: &'static str, one: &'static str, unit: Unit) -> Row {
    Row::new(what, many, Against::Ratio(one, "ours"), AtMost(1.2), unit).called("many", "one")
}

const fn beside(what: &'static str, figure: &'static str, unit: Unit) -> Row {
    Row::new(what, figure, Against::Ratio(figure, "floor"), Target::None, unit)
        .called("ours", "bare")
}

const fn weight(
    what: &'static str,
    figure: &'static str,
    most: f64,
    bare: &'static str,
    unit: Unit,
) -> Row {
    Row::new(what, figure, Against::Shown(bare, "bare"), AtMost(most), unit)
        .called("ours", "bare")
        .if_missed(THE_TREE)
}

const fn peer(what: &'static str, figure: &'static str, unit: Unit) -> Row {
    Row::alone(what, figure, Target::None, unit).of("peer")
}
