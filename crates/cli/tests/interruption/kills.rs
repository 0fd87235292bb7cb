//! Kill -9 at random moments, of workers, of the parent, of all of them.

use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::process::{Bench, assert_gone, send};
use crate::study::assert_same;

/// Kills of one test; `PLATEAU_KILLS` asks for more.
const N_KILLS: u32 = 200;

/// A study whose parent was killed may be gone on with while old workers still end.
const ORPHANS_END_WITHIN: Duration = Duration::from_secs(5);

/// SplitMix64 (Steele, Lea & Flood, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

#[expect(clippy::disallowed_methods, reason = "a program of its own")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Time until a study's first checkpoint, on this machine, today.
fn start_up(bench: &Bench) -> Duration {
    let started = Instant::now();
    let mut study = bench.run(&["--jobs", "2"]);
    study.wait_for(&bench.out(), ".checkpoint");
    let elapsed = started.elapsed();
    study.signal_group("KILL");
    study.wait();
    elapsed
}

#[test]
fn nothing_is_lost_by_kills_at_random_moments() {
    let n_kills = number("PLATEAU_KILLS").map_or(N_KILLS, |n| n as u32);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_nanos() as u64);
    let seed = number("PLATEAU_KILL_SEED").unwrap_or(clock);
    println!("PLATEAU_KILLS={n_kills} PLATEAU_KILL_SEED={seed}");
    let mut random = Random(seed);
    let bench = Bench::new();
    let started = Instant::now();
    let undisturbed = bench.undisturbed();
    fs::remove_dir_all(bench.out()).unwrap();
    let start_up = start_up(&bench);
    let (mut n_killed, mut n_studies, mut orphans) = (0, 0, Vec::new());
    while n_killed < n_kills {
        let mut study = bench.run(&["--jobs", "2"]);
        // Some before workers are at work, more while they are.
        let moment = random.below(2 * start_up.as_millis() as u64 + 300);
        thread::sleep(Duration::from_millis(moment));
        let mut is_over = study.is_over();
        if !is_over {
            n_killed += 1;
            match random.below(3) {
                0 => {
                    let workers = study.workers();
                    if workers.is_empty() {
                        n_killed -= 1;
                    } else {
                        let victim = workers[random.below(workers.len() as u64) as usize];
                        send("KILL", &victim.to_string());
                    }
                    // It goes on by itself, until it is killed as a whole.
                    thread::sleep(Duration::from_millis(random.below(200)));
                    is_over = study.is_over();
                    if !is_over {
                        study.signal_group("KILL");
                        n_killed += 1;
                    }
                }
                1 => {
                    orphans.extend(study.workers());
                    study.signal("KILL");
                }
                _ => study.signal_group("KILL"),
            }
        }
        let ended = study.wait();
        if is_over {
            assert!(ended.status.success(), "seed {seed}: {}", ended.stderr);
            assert_same(&bench.out(), &undisturbed, &format!("seed {seed}, {n_killed} kills"));
            fs::remove_dir_all(bench.out()).unwrap();
            n_studies += 1;
        }
    }
    assert_gone(&orphans, ORPHANS_END_WITHIN);
    bench.finish(&[]);
    assert_same(&bench.out(), &undisturbed, &format!("seed {seed}, {n_killed} kills"));
    println!("{n_killed} kills over {} studies in {:?}", n_studies + 1, started.elapsed());
}
