//! The fuzz targets on the pinned toolchain: every input of the corpus, and a fixed number of inputs derived from it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod corpus;
mod json;
mod mutation;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fuzz_bodies::{Body, TARGETS};

/// The number of inputs for each target in addition to its corpus.
const INPUTS: usize = 1000;

/// Runs a target on an input. If it panics, stores the input and prints the command that reproduces the panic.
#[track_caller]
fn run(target: &str, body: Body, name: &str, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| body(input))).is_err() {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}-{name}"));
        fs::write(&kept, input).unwrap();
        panic!("the target {target} fails on {}: mend it, and keep the input in fuzz/corpus/{target}", kept.display());
    }
}

fn replay(target: &str) {
    let body = body(target);
    for (name, input) in corpus::of(target) {
        run(target, body, &name, &input);
    }
}

fn mutate(target: &str) {
    let (body, corpus) = (body(target), corpus::of(target));
    let inputs: Vec<_> = corpus.into_iter().map(|(_, input)| input).collect();
    // A fixed seed, so that every run has the same inputs and a failure can be reproduced.
    let mut random = fastrand::Rng::with_seed(0x0fde_2026);
    for number in 0..INPUTS {
        run(target, body, &format!("mutation-{number}"), &mutation::of(&inputs, &mut random));
    }
}

fn body(target: &str) -> Body {
    TARGETS.iter().find_map(|(name, body)| (*name == target).then_some(*body)).unwrap()
}

macro_rules! targets {
    ($($target:ident),+ $(,)?) => {
        $(mod $target {
            #[test]
            fn holds_for_every_input_of_its_corpus() {
                super::replay(stringify!($target));
            }

            #[test]
            fn holds_for_inputs_made_from_its_corpus() {
                super::mutate(stringify!($target));
            }
        })+

        #[test]
        fn every_target_is_run_and_is_offered_to_cargo_fuzz() {
            let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
            let run = [$(stringify!($target)),+];
            assert!(TARGETS.iter().map(|(name, _)| *name).eq(run));
            for target in run {
                let source = fs::read_to_string(fuzz.join(format!("fuzz_targets/{target}.rs"))).unwrap();
                assert!(source.contains(&format!("fuzz_bodies::{target}(")), "{source}");
                assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
            }
            assert_eq!(fs::read_dir(fuzz.join("corpus")).unwrap().count(), run.len());
        }
    };
}

targets!(command, query, stored_event, stored_items, stream_batch);
