//! `plateau data fetch | verify | where`.

use plateau_data::verify;
use serde_json::json;

use crate::args::{DataArgs, DataCommand};
use crate::failure::Failure;
use crate::location::Location;

pub(crate) fn data(command: &DataCommand) -> Result<(), Failure> {
    match command {
        DataCommand::Fetch(args) => fetch(args),
        DataCommand::Verify(args) => check(args),
        DataCommand::Where(args) => locate(args),
    }
}

fn fetch(args: &DataArgs) -> Result<(), Failure> {
    let location = Location::find(args.data.as_deref())?;
    let md5 = location.ensure()?;
    let folder = location.cache.batches_dir();
    if args.json {
        println!("{}", json!({ "batches": folder, "complete": true, "md5": md5 }));
    } else {
        println!("CIFAR-10 is whole, in {}", folder.display());
    }
    Ok(())
}

fn check(args: &DataArgs) -> Result<(), Failure> {
    let location = Location::find(args.data.as_deref())?;
    let verified = verify(&location.cache).map_err(Failure::other)?;
    if args.json {
        println!("{}", json!({ "batches": location.cache.batches_dir(), "md5": verified.md5 }));
        return Ok(());
    }
    for (file, md5) in &verified.md5 {
        println!("{md5}  {file}");
    }
    println!("all files in {} are as published", location.cache.batches_dir().display());
    Ok(())
}

fn locate(args: &DataArgs) -> Result<(), Failure> {
    let location = Location::find(args.data.as_deref())?;
    let folder = location.cache.batches_dir();
    let complete = verify(&location.cache).is_ok();
    if args.json {
        println!("{}", json!({ "batches": folder, "complete": complete }));
        return Ok(());
    }
    println!("{}", folder.display());
    if !complete {
        eprintln!("not complete: `plateau data fetch` brings it there");
    }
    Ok(())
}
