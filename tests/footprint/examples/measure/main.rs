//! Measures each function next to a bare one, and prints the tables of docs/PERFORMANCE.md. `tests/footprint/run` builds
//! both and runs this program.
//!
//! | file | holds |
//! |---|---|
//! | `main.rs` | the measurements, and the table of figures |
//! | `account` | the account: the instructions of each part of a warm invocation |
//! | `profile` | callgrind's output, and its instructions by part |

#![expect(clippy::print_stdout, reason = "its table is what it is for")]
#![expect(clippy::float_arithmetic, reason = "an account divides instructions in proportion")]

mod account;
mod profile;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use system_tests::workload::{Worker, Workload};
use tokio::process::Command;

const FUNCTIONS: [&str; 4] = ["command-handler", "projector", "publisher", "query-handler"];
/// The number of invocations before the measured ones. They open connections and allocate memory.
const TO_WARM_UP: usize = 10;
/// The number of times that the instructions of the start are counted.
const COUNTS: usize = 3;

/// The functions, and bare functions that make the same AWS calls.
#[derive(Parser)]
struct Arguments {
    /// The folder of the built functions, real and bare
    folder: PathBuf,
    /// The valgrind program
    #[arg(long, default_value = "/usr/bin/valgrind")]
    valgrind: PathBuf,
    /// The number of warm invocations from which each mean is calculated
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    invocations: u32,
    /// The number of starts from which each median is calculated
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    starts: u32,
    /// Print the instructions of each part of a warm invocation instead. The functions need symbols and line tables
    #[arg(long)]
    account: bool,
    /// Print the account of source files instead of parts
    #[arg(long, requires = "account")]
    by_file: bool,
    /// The functions to measure
    #[arg(long, default_values = FUNCTIONS)]
    function: Vec<String>,
}

/// The measurements of one program. Values that vary are sorted from lowest to highest.
#[derive(Default)]
struct Figures {
    /// Time from the start of the process to its first request for work, in microseconds.
    starts: Vec<u64>,
    /// Instructions from the start of the process to its first request for work.
    init: Vec<u64>,
    /// Instructions of one warm invocation.
    warm: u64,
    /// Resident memory when it first asks for work, in KiB.
    resident: Vec<u64>,
    /// Peak resident memory until the last invocation, in KiB.
    most_resident: u64,
    /// The program's size, in bytes.
    size: u64,
    /// The program's size in the archive that Lambda receives, in bytes.
    zipped: u64,
    /// The AWS calls before its first work, and during the warm-up.
    calls: [Vec<String>; 2],
}

struct Both {
    function: &'static str,
    real: Figures,
    bare: Figures,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runs = if arguments.account { 2 } else { u64::from(arguments.starts) + COUNTS as u64 + 3 };
    let runs = runs * 2 * arguments.function.len() as u64;
    let progress = ProgressBar::new(runs);
    progress.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {elapsed}, {msg}")?);
    progress.enable_steady_tick(Duration::from_millis(200));
    let mut all = Vec::new();
    for function in FUNCTIONS.into_iter().filter(|name| arguments.function.iter().any(|chosen| chosen == name)) {
        let measuring = |program: String| Measuring { arguments: &arguments, progress: &progress, function, program };
        let (real, bare) = (measuring(function.to_owned()), measuring(format!("bare-{function}")));
        if arguments.account {
            account::print(&real, &bare, arguments.by_file).await?;
            continue;
        }
        let mut both = Both { function, real: real.figures().await?, bare: bare.figures().await? };
        ensure!(
            both.real.calls == both.bare.calls,
            "{function} and its bare one do not call alike: {:?}, {:?}",
            both.real.calls,
            both.bare.calls
        );
        // The programs take turns, so that other load on the machine affects all of them equally.
        let workload = Workload::of(1).await;
        for _ in 0..arguments.starts {
            real.start(&workload, &mut both.real).await?;
            bare.start(&workload, &mut both.bare).await?;
        }
        workload.stop().await;
        for figures in [&mut both.real, &mut both.bare] {
            for varying in [&mut figures.starts, &mut figures.resident, &mut figures.init] {
                varying.sort_unstable();
            }
        }
        all.push(both);
    }
    progress.finish_and_clear();
    if !arguments.account {
        print(&all);
    }
    Ok(())
}

/// A tool of valgrind.
enum Tool {
    /// Counts instructions.
    Cachegrind,
    /// Counts instructions by function, source file and call.
    Callgrind,
}

/// The measurement of one program.
struct Measuring<'a> {
    arguments: &'a Arguments,
    progress: &'a ProgressBar,
    function: &'static str,
    program: String,
}

impl Measuring<'_> {
    /// Measures everything except the starts, for which the programs take turns.
    async fn figures(&self) -> anyhow::Result<Figures> {
        self.progress.set_message(self.program.clone());
        self.counted().await.with_context(|| self.program.clone())
    }

    async fn counted(&self) -> anyhow::Result<Figures> {
        let warm = self.arguments.invocations as usize;
        let (size, zipped) = sizes(&self.path()).await?;
        let mut figures = Figures { size, zipped, ..Figures::default() };
        for _ in 0..COUNTS {
            let (instructions, [primed, _]) = self.instructions(0).await?;
            figures.init.push(instructions);
            figures.calls[0] = primed;
        }
        // A start whose connection failed can end at any point.
        let (least, most) = (figures.init.iter().min(), figures.init.iter().max());
        let differs = least.zip(most).map_or(0, |(least, most)| (most - least) * 100 / least);
        ensure!(differs < 3, "its starts differ by {differs} %: {:?}", figures.init);

        let (to_warm_up, [_, warming]) = self.instructions(TO_WARM_UP).await?;
        let (all, [_, calls]) = self.instructions(TO_WARM_UP + warm).await?;
        let difference = all.checked_sub(to_warm_up).context("more work took fewer instructions")?;
        figures.warm = difference / warm as u64;
        // A call that was too slow under valgrind and was retried would count as the function's work.
        ensure!(
            !warming.is_empty() && warming.len() * (TO_WARM_UP + warm) == calls.len() * TO_WARM_UP,
            "calls were repeated"
        );
        figures.calls[1] = warming;

        let workload = Workload::of(TO_WARM_UP + warm).await;
        let mut worker = workload.start(self.command(), self.function).await?;
        worker.ready().await?;
        for _ in 0..TO_WARM_UP + warm {
            worker.work().await?;
        }
        figures.most_resident = status(&worker, "VmHWM").await?;
        worker.process.end().await?;
        workload.stop().await;
        self.progress.inc(1);
        Ok(figures)
    }

    /// Returns the instructions that the process executes until it has done the work, and its AWS calls before and for it.
    async fn instructions(&self, work: usize) -> anyhow::Result<(u64, [Vec<String>; 2])> {
        let (counts, calls) = self.under_valgrind(Tool::Cachegrind, work).await?;
        let sum = counts.lines().find_map(|line| line.strip_prefix("summary: ")).context("valgrind wrote no sum")?;
        Ok((sum.trim().parse()?, calls))
    }

    /// Runs the process with a tool of valgrind until it has done the work. Returns the tool's output, and the process's AWS
    /// calls before and for the work.
    async fn under_valgrind(&self, tool: Tool, work: usize) -> anyhow::Result<(String, [Vec<String>; 2])> {
        let folder = tempfile::tempdir()?;
        let (counts, said) = (folder.path().join("counts"), folder.path().join("said"));
        let mut command = Command::new(&self.arguments.valgrind);
        match tool {
            Tool::Cachegrind => command
                .args(["--tool=cachegrind", "--cache-sim=no"])
                .arg(format!("--cachegrind-out-file={}", counts.display())),
            // Functions keep the names of their symbols, which distinguish the instances of a generic function.
            Tool::Callgrind => command
                .args(["--tool=callgrind", "--demangle=no", "--compress-strings=no", "--compress-pos=no"])
                .arg(format!("--callgrind-out-file={}", counts.display())),
        };
        command.arg(format!("--log-file={}", said.display())).arg(self.path()).stdout(Stdio::null());
        let workload = Workload::of(work.max(1)).await;
        let mut worker = workload.start(command, self.function).await?;
        worker.ready().await?;
        let primed = worker.calls();
        for _ in 0..work {
            worker.work().await?;
        }
        let calls = worker.calls();
        worker.process.end().await?;
        workload.stop().await;
        self.progress.inc(1);
        let counts = tokio::fs::read_to_string(&counts).await.context("valgrind wrote nothing")?;
        Ok((counts, [primed, calls]))
    }

    /// Starts the process once, and measures the time and the memory.
    async fn start(&self, workload: &Workload, figures: &mut Figures) -> anyhow::Result<()> {
        let mut worker = workload.start(self.command(), self.function).await?;
        worker.ready().await?;
        let took: Duration = Instant::now() - worker.process.started;
        figures.starts.push(u64::try_from(took.as_micros())?);
        figures.resident.push(status(&worker, "VmRSS").await?);
        worker.process.end().await?;
        self.progress.inc(1);
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.arguments.folder.join(&self.program)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.path());
        command.stdout(Stdio::null());
        command
    }
}

/// Returns a line of the process's `/proc/<pid>/status`, in KiB.
async fn status(worker: &Worker, name: &str) -> anyhow::Result<u64> {
    let id = worker.process.child.id().context("it has ended")?;
    let status = tokio::fs::read_to_string(format!("/proc/{id}/status")).await?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).context("no such line")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Returns the size of a program, and of the archive that Lambda receives, in bytes.
async fn sizes(program: &Path) -> anyhow::Result<(u64, u64)> {
    let size = tokio::fs::metadata(program).await.with_context(|| program.display().to_string())?.len();
    let folder = tempfile::tempdir()?;
    let archive = folder.path().join("function.zip");
    let zip = Command::new("python3").args(["-m", "zipfile", "-c"]).arg(&archive).arg(program).status().await?;
    ensure!(zip.success(), "python3 could not zip it");
    Ok((size, tokio::fs::metadata(&archive).await?.len()))
}

/// A measurement, shown as one line of the table for each function.
struct Row {
    name: &'static str,
    /// The number of measured units in one displayed unit, and the number of digits.
    unit: u64,
    digits: u32,
    /// The goal for the real function relative to the bare one, in hundredths.
    goal: Option<u64>,
    figure: fn(&Figures) -> u64,
}

fn print(all: &[Both]) {
    let row = |name, unit, digits, goal, figure| Row { name, unit, digits, goal, figure };
    let rows = [
        row("instructions of a warm invocation, thousands", 1_000, 0, Some(125), |it| it.warm),
        row("instructions to start, millions", 1_000_000, 1, Some(115), |it| median(&it.init)),
        row("time to start, ms", 1_000, 1, None, |it| median(&it.starts)),
        row("resident once started, MB", 1_000, 1, Some(115), |it| median(&it.resident) * 1024 / 1_000),
        row("resident at most, MB", 1_000, 1, None, |it| it.most_resident * 1024 / 1_000),
        row("program, MB", 1_000_000, 1, Some(115), |it| it.size),
        row("zipped, MB", 1_000_000, 1, None, |it| it.zipped),
    ];
    println!("| | function | real | bare | ratio | goal |\n|---|---|---|---|---|---|");
    for Row { name, unit, digits, goal, figure } in rows {
        for Both { function, real, bare } in all {
            let (real, bare) = (figure(real), figure(bare));
            let goal = goal.map_or_else(String::new, |goal| {
                let verdict = if real * 100 <= bare * goal { "" } else { ", missed" };
                format!("{}{verdict}", fixed(goal, 100, 2))
            });
            let [real_shown, bare_shown] = [real, bare].map(|it| fixed(it, unit, digits));
            println!("| {name} | {function} | {real_shown} | {bare_shown} | {} | {goal} |", fixed(real, bare, 2));
        }
    }
    println!("\nFrom least to most:");
    for Both { function, real, bare } in all {
        for (kind, it) in [("", real), ("bare-", bare)] {
            let [starts, init, resident] =
                [(&it.starts, 1_000, "ms"), (&it.init, 1_000_000, "million"), (&it.resident, 1_000, "thousand KiB")]
                    .map(|(all, unit, name)| {
                        let ends =
                            [all.first(), all.last()].map(|end| end.map_or_else(String::new, |it| fixed(*it, unit, 2)));
                        format!("{} {name}", ends.join(" to "))
                    });
            println!("{kind}{function}: started in {starts}, by {init} instructions, resident {resident}");
        }
    }
}

/// Returns the median of sorted figures.
fn median(sorted: &[u64]) -> u64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Formats a number in units with a number of decimals, rounded; a dash without a unit.
fn fixed(number: u64, unit: u64, digits: u32) -> String {
    let scale = 10_u64.pow(digits);
    let Some(scaled) = (number * scale + unit / 2).checked_div(unit) else { return "-".to_owned() };
    let (whole, rest) = (scaled / scale, scaled % scale);
    if digits == 0 { whole.to_string() } else { format!("{whole}.{rest:0width$}", width = digits as usize) }
}
