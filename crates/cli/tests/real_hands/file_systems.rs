//! File systems as they are: without locks, without flushing of folders, read-only, of others.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

use crate::common::TINY_RUN;
use crate::place::{Place, Said, files};

/// A library that takes the place of a call of the system's.
fn shim(place: &Place, name: &str, source: &str) -> String {
    place.write(&format!("{name}.c"), source);
    let library = place.path(&format!("{name}.so"));
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(place.path(&format!("{name}.c")))
        .status()
        .unwrap();
    assert!(built.success());
    library.to_str().unwrap().to_owned()
}

fn run_under(place: &Place, library: &str, arguments: &[&str]) -> Said {
    Said::of(&place.command(arguments).env("LD_PRELOAD", library).output().unwrap())
}

#[test]
fn a_file_stands_for_the_lock_where_there_is_none() {
    let place = Place::new();
    for errno in ["ENOLCK", "EOPNOTSUPP", "EINVAL", "ENOSYS"] {
        let source = format!(
            "#include <errno.h>\nint flock(int f,int o){{(void)f;(void)o;errno={errno};return -1;}}"
        );
        let library = shim(&place, errno, &source);
        let out = format!("OUT-{errno}");
        let run = ["run", "t.toml", "--out", &out];
        let said = run_under(&place, &library, &run);
        assert_eq!(said.code, 0, "{errno}: {}", said.err);
        said.contains(&["has no locks"]);
        assert!(!place.path(&out).join(".lock-owner").exists(), "given back");
        // Of a process that was killed: taken over.
        place.write(&format!("{out}/.lock-owner"), "");
        assert_eq!(run_under(&place, &library, &run).code, 0, "{errno}");
        // Of one that nothing is known about: refused, with the way out.
        place.write(&format!("{out}/.lock-owner"), "elsewhere/0/0 1 1\nprocess 1 (plateau run)");
        let said = run_under(&place, &library, &run);
        assert_eq!(said.code, 1, "{errno}");
        said.contains(&["in use by process 1", ".lock-owner"]);
        let train = [&TINY_RUN[..], &["--out", &out]].concat();
        assert_eq!(run_under(&place, &library, &train).code, 0, "{errno}");
    }
}

#[test]
fn folders_that_cannot_be_flushed_are_told_of_and_used() {
    let place = Place::new();
    for errno in ["EINVAL", "EOPNOTSUPP", "ENOSYS"] {
        let source = format!(
            "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <errno.h>\n#include <sys/stat.h>\n\
             int fsync(int f){{struct stat s;if(!fstat(f,&s)&&S_ISDIR(s.st_mode)){{errno={errno};\
             return -1;}}return ((int(*)(int))dlsym(RTLD_NEXT,\"fsync\"))(f);}}"
        );
        let library = shim(&place, errno, &source);
        let out = format!("OUT-{errno}");
        let said = run_under(&place, &library, &["run", "t.toml", "--out", &out]);
        assert_eq!(said.code, 0, "{errno}: {}", said.err);
        said.contains(&["can't flush folders"]);
        assert!(place.path(&out).join("report/paper.pdf").is_file());
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_refused_before_anything_trains() {
    let place = Place::new();
    place.write("file", "in the way");
    fs::create_dir(place.path("OUT")).unwrap();
    place.write("OUT/report", "in the way");
    let train = ["train", "--data", "synthetic", "--out", "file/T"];
    place.refused(&train, &["file/T"]);
    // A study's folder whose report is none.
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    fs::remove_dir_all(place.path("OUT/report")).unwrap();
    place.write("OUT/report", "in the way");
    place.refused(&["run", "t.toml", "--out", "OUT", "--seeds", "3"], &["OUT/report", "move it"]);
    assert_eq!(fs::read_dir(place.path("OUT/runs")).unwrap().count(), 4, "nothing was trained");
}

#[test]
fn what_may_not_be_read_is_not_taken_for_damage() {
    let place = Place::new();
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
    let before = files(&place.path("OUT/runs"));
    // Whoever tests may be the superuser, whom no permission stops.
    let library = shim(
        &place,
        "forbid",
        "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <errno.h>\n#include <fcntl.h>\n\
         #include <stdarg.h>\n#include <string.h>\n\
         int open64(const char*p,int f,...){va_list a;va_start(a,f);int m=va_arg(a,int);va_end(a);\
         if(strstr(p,\"/epochs.jsonl\")){errno=EACCES;return -1;}\
         return ((int(*)(const char*,int,...))dlsym(RTLD_NEXT,\"open64\"))(p,f,m);}",
    );
    for command in [&["run", "t.toml", "--out", "OUT"][..], &["report", "OUT"]] {
        let said = run_under(&place, &library, command);
        assert_eq!(said.code, 1, "{command:?}: {}", said.err);
        said.contains(&["epochs.jsonl", "Permission denied", "give permission"]);
    }
    let said = run_under(&place, &library, &["status", "OUT"]);
    assert!(said.out.contains("give permission"), "{}", said.out);
    assert!(files(&place.path("OUT/runs")) == before, "left where they are");
    place.succeed(&["run", "t.toml", "--out", "OUT"]);
}
