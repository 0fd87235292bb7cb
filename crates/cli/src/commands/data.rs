//! `plateau data fetch | verify | where`.

use plateau_data::{Acceptance, Opened, md5_lines, verify};
use serde_json::json;

use crate::args::{DataArgs, DataCommand};
use crate::failure::Failure;
use crate::location::{self, Source, cache};
use crate::output::{answer, say};

pub(crate) fn data(command: &DataCommand) -> Result<(), Failure> {
    match command {
        DataCommand::Fetch(args) => fetch(args),
        DataCommand::Verify(args) => check(args),
        DataCommand::Where(args) => locate(args),
    }
}

fn fetch(args: &DataArgs) -> Result<(), Failure> {
    let cache = cache()?;
    let opened = match Source::find(args.data.as_ref())? {
        Source::Synthetic => return Err(in_no_file()),
        Source::Named(place) => location::import(&place, &cache)?,
        Source::Cache => location::fetch_into(&cache)?,
    };
    if args.json {
        let Opened { batches, md5, .. } = opened;
        let batches = batches.to_string_lossy();
        return answer(json!({ "batches": batches, "complete": true, "md5": md5 }));
    }
    answer(format_args!("CIFAR-10 is whole, in {}", opened.batches.display()))
}

fn check(args: &DataArgs) -> Result<(), Failure> {
    let (opened, place) = match Source::find(args.data.as_ref())? {
        Source::Synthetic => return Err(in_no_file()),
        Source::Named(place) => {
            let opened = location::open(&place, Acceptance::Published, &cache()?)?;
            (opened, place.path)
        }
        Source::Cache => {
            let cache = cache()?;
            (verify(&cache).map_err(Failure::other)?, cache.batches_dir())
        }
    };
    if args.json {
        return answer(json!({ "batches": place.to_string_lossy(), "md5": opened.md5 }));
    }
    let lines = md5_lines(&opened.md5);
    answer(format_args!("{lines}all files in {} are as published", place.display()))
}

fn locate(args: &DataArgs) -> Result<(), Failure> {
    let (folder, complete) = match Source::find(args.data.as_ref())? {
        Source::Synthetic => return Err(in_no_file()),
        Source::Named(place) => {
            let opened = location::open(&place, Acceptance::Published, &cache()?)?;
            (opened.batches, true)
        }
        Source::Cache => {
            let cache = cache()?;
            (cache.batches_dir(), verify(&cache).is_ok())
        }
    };
    if args.json {
        return answer(json!({ "batches": folder.to_string_lossy(), "complete": complete }));
    }
    answer(folder.display())?;
    if !complete {
        say("not complete: `plateau data fetch` brings it there");
    }
    Ok(())
}

fn in_no_file() -> Failure {
    Failure::input_text(
        "synthetic data are generated, and in no file".to_owned(),
        "name a folder or archive with CIFAR-10, or nothing for the cache",
    )
}
