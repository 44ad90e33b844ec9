//! Decoding a long list, in megabytes per second of processor time: by hand,
//! by a plain derive, buffered and streamed, in turn. `decode N ROUNDS`.

use bench_core::{Failure, call, processor, samples, transactions};

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, rounds] = arguments.as_slice() else { return Err("decode N ROUNDS".into()) };
    let (count, rounds): (usize, usize) = (count.parse()?, rounds.parse()?);
    let list = transactions::list(count);
    let session = call::ready_session()?;
    let figure = format!("decode.{count}");
    for round in 0..=rounds {
        let floor = rate(&list, || right(transactions::by_hand(&list)?.len(), count))?;
        let peer = rate(&list, || right(transactions::plain(&list)?.len(), count))?;
        let body = list.clone();
        let buffered = rate(&list, || right(transactions::buffered(&session, body)?.len(), count))?;
        let streamed = rate(&list, || right(transactions::streamed(&list)?.0, count))?;
        // The first round touches memory for the first time.
        if round > 0 {
            samples::print(&figure, "floor", floor);
            samples::print(&figure, "peer", peer);
            samples::print(&figure, "buffered", buffered);
            samples::print(&figure, "streamed", streamed);
        }
    }
    Ok(())
}

fn right(items: usize, count: usize) -> Result<(), Failure> {
    if items == count { Ok(()) } else { Err("some are missing".into()) }
}

fn rate(list: &[u8], work: impl FnOnce() -> Result<(), Failure>) -> Result<f64, Failure> {
    let begun = processor::time();
    work()?;
    Ok(list.len() as f64 / 1e6 / processor::since(begun).as_secs_f64())
}
