//! Makes the report of what was measured: `bench-report SAMPLES FOLDER`.

mod comparison;
mod markdown;
mod plots;
mod rows;
mod samples;
mod versions;

use std::path::Path;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder] = arguments.as_slice() else {
        return Err("bench-report SAMPLES FOLDER".into());
    };
    let samples = samples::Samples::parse(&std::fs::read_to_string(file)?)?;
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder.join("plots"))?;
    std::fs::write(folder.join("REPORT.md"), markdown::report(&samples))?;
    plots::targets(&samples, &folder.join("plots/targets.svg"))?;
    plots::calls(&samples, &folder.join("plots/calls.svg"))?;
    Ok(())
}
