//! Redis: clients, memory, replicas, its files, and its end.

use std::{fs, net::TcpStream, sync::Arc, thread, time::Duration};

use anyhow::{Context, Result, bail};

use crate::simulate::{
    need::Need,
    proxy::breaking,
    redis::Redis,
    scenario::{Expected, Scenario, Stage},
    undo::Undo,
    world::World,
};

/// What they have in common.
const fn redis(
    name: &'static str,
    what: &'static str,
    alerts: &'static [Expected],
    begin: fn(&Arc<World>, &mut Undo) -> Result<()>,
) -> Scenario {
    Scenario {
        lane: "redis",
        needs: &[Need::Redis, Need::Settings],
        ..Scenario::usual(name, what, alerts, begin)
    }
}

pub(super) const SCENARIOS: [Scenario; 10] = [
    Scenario {
        stage: Stage::Ends,
        needs: &[Need::Redis],
        ..redis(
            "redis-gone",
            "Redis ends",
            &[Expected::any("RedisDown")],
            |world, undo| world.order(undo, "stop redis"),
        )
    },
    Scenario {
        stage: Stage::Ends,
        needs: &[Need::Redis],
        ..redis(
            "redis-comes-and-goes",
            "Redis ends and comes back, again and again",
            &[Expected::any("RedisConnectionFailures")],
            come_and_go,
        )
    },
    Scenario {
        lane: "redis-clients",
        ..redis(
            "redis-clients",
            "more clients come than Redis takes",
            &[
                Expected::any("RedisClientsNearMax"),
                Expected::any("RedisConnectionsRejected"),
            ],
            flood,
        )
    },
    redis(
        "redis-memory",
        "Redis is filled to 95 % of its maxmemory",
        &[Expected::any("RedisMemoryNearMax")],
        |world, undo| {
            let mut client = connect(world)?;
            forget_keys(world, undo)?;
            fill(&mut client, 0.95)
        },
    ),
    redis(
        "redis-evictions",
        "more is written than Redis may keep",
        &[Expected::any("RedisEvicting")],
        evict,
    ),
    redis(
        "redis-replica-silent",
        "a replica no longer says how far it is",
        &[Expected::any("RedisReplicationLag")],
        fall_silent,
    ),
    redis(
        "redis-master-gone",
        "Redis is to follow a master that is not there",
        &[Expected::any("RedisReplicationBroken")],
        |world, undo| {
            let address = world.address("redis")?;
            connect(world)?.ask(&["REPLICAOF", "127.0.0.1", "1"])?;
            undo.by(move || Redis::connect(address)?.ask(&["REPLICAOF", "NO", "ONE"]).map(drop));
            Ok(())
        },
    ),
    redis(
        "redis-save-fails",
        "where Redis saves its data is something else",
        &[Expected::any("RedisRdbSaveFailing")],
        fail_to_save,
    ),
    redis(
        "redis-aof-fails",
        "where Redis rewrites its append-only file is something else",
        &[Expected::any("RedisAofFailing")],
        fail_to_rewrite,
    ),
    Scenario {
        lane: "redis-breaks-off",
        needs: &[Need::Copy, Need::Redis, Need::Settings],
        ..redis(
            "redis-breaks-off",
            "the way to Redis breaks after its first answer, again and again",
            &[Expected {
                alert: "RedisScrapeError",
                labels: &[("instance", "lab-drill-breaks-off")],
            }],
            break_off,
        )
    },
];

/// As another Redis that redis-exporter is asked about.
fn break_off(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let way = breaking(undo, world.address("redis")?)?;
    let exporter = world.address("redis-exporter")?;
    let lines = format!(
        "- targets: [\"{exporter}\"]\n  labels: {{instance: lab-drill-breaks-off, __metrics_path__: /scrape, __param_target: \"redis://{way}\"}}\n"
    );
    world.scrape(undo, "redis.yml", lines)
}

fn connect(world: &World) -> Result<Redis> {
    Redis::connect(world.address("redis")?)
}

/// Changes a setting until it is undone.
fn set(world: &World, undo: &mut Undo, name: &'static str, value: &str) -> Result<()> {
    let address = world.address("redis")?;
    let mut client = connect(world)?;
    let before = client.setting(name)?;
    client.ask(&["CONFIG", "SET", name, value])?;
    undo.by(move || {
        Redis::connect(address)?
            .ask(&["CONFIG", "SET", name, &before])
            .map(drop)
    });
    Ok(())
}

fn come_and_go(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let mut control = world.orders()?;
    let mut is_up = true;
    // Each is seen by a scrape.
    let pause = Duration::from_secs(2).max(Duration::from_secs(120) / world.factor());
    undo.keep(pause, move || {
        let order = if is_up { "stop redis" } else { "start redis" };
        // Refused once, it is tried again.
        if control.order(order).is_ok() {
            is_up = !is_up;
        }
    })
}

const MOST_CLIENTS: usize = 60;
const HELD: usize = 52;

fn flood(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    set(world, undo, "maxclients", &MOST_CLIENTS.to_string())?;
    let address = world.address("redis")?;
    let open = move |number| {
        (0..number)
            .filter_map(|_| TcpStream::connect(address).ok())
            .collect::<Vec<_>>()
    };
    let held = open(HELD);
    undo.by(move || {
        drop(held);
        Ok(())
    });
    // For a moment, so that the exporter's own turn comes again.
    undo.keep(Duration::from_secs(3), move || drop(open(MOST_CLIENTS)))
}

/// Begins all keys.
const PREFIX: &str = "lab-drill:";
const BIG: usize = 512 * 1024;

/// As much of maxmemory as this.
fn fill(client: &mut Redis, share: f64) -> Result<()> {
    let value = "x".repeat(BIG);
    let limit: f64 = client.info("maxmemory")?.parse().context("reading maxmemory")?;
    if limit == 0.0 || limit > 256.0 * 1024.0 * 1024.0 {
        bail!("maxmemory is {limit}: not to be filled");
    }
    for number in 0.. {
        let used: f64 = client.info("used_memory")?.parse().context("reading used_memory")?;
        if used >= limit * share {
            break;
        }
        client.ask(&["SET", &format!("{PREFIX}{number}"), &value])?;
    }
    Ok(())
}

/// Removes all keys of drills when it is undone.
fn forget_keys(world: &World, undo: &mut Undo) -> Result<()> {
    let address = world.address("redis")?;
    undo.by(move || {
        let mut client = Redis::connect(address)?;
        let keys = client.ask(&["KEYS", &format!("{PREFIX}*")])?;
        for key in keys.lines() {
            client.ask(&["DEL", key])?;
        }
        Ok(())
    });
    Ok(())
}

fn evict(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    forget_keys(world, undo)?;
    set(world, undo, "maxmemory-policy", "allkeys-lru")?;
    let mut client = connect(world)?;
    fill(&mut client, 0.95)?;
    let value = "x".repeat(BIG / 8);
    let mut number = 0_u64;
    undo.keep(Duration::from_millis(200), move || {
        for _ in 0..20 {
            number += 1;
            // What is refused is told by Redis' own figures.
            client.ask(&["SET", &format!("{PREFIX}new:{number}"), &value]).ok();
        }
    })
}

/// How long it says how far it is.
const SPEAKS: Duration = Duration::from_secs(4);

/// It copies all and follows, as Redis knows replicas, and then says nothing more.
fn fall_silent(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    set(world, undo, "repl-diskless-sync-delay", "0")?;
    set(world, undo, "repl-timeout", "600")?;
    let mut replica = connect(world)?;
    replica.ask(&["REPLCONF", "listening-port", "1"])?;
    replica.ask(&["REPLCONF", "capa", "eof", "capa", "psync2"])?;
    replica.send(&["PSYNC", "?", "-1"])?;
    let mut reader = replica.try_clone()?;
    let swallow = move || reader.swallow();
    drop(
        thread::Builder::new()
            .name("replica".to_owned())
            .spawn(swallow)
            .context("starting a thread")?,
    );
    let connection = replica.try_clone()?;
    undo.by(move || {
        connection.hang_up();
        Ok(())
    });
    let spoken = std::time::Instant::now();
    undo.keep(Duration::from_millis(200), move || {
        if spoken.elapsed() < SPEAKS {
            // A master that has hung up is told by the alert that does not come.
            replica.send(&["REPLCONF", "ACK", "0"]).ok();
        }
    })
}

fn fail_to_save(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let address = world.address("redis")?;
    let mut client = connect(world)?;
    let dump = world.folder().join("redis/dump.rdb");
    let inside = dump.join("not-a-dump");
    fs::create_dir_all(&inside).with_context(|| format!("creating {}", inside.display()))?;
    undo.by(move || {
        fs::remove_dir_all(&dump).with_context(|| format!("removing {}", dump.display()))?;
        let mut client = Redis::connect(address)?;
        client.ask(&["BGSAVE"])?;
        client.until("rdb_last_bgsave_status", "ok")?;
        fs::remove_file(&dump).with_context(|| format!("removing {}", dump.display()))
    });
    client.ask(&["BGSAVE"])?;
    client.until("rdb_last_bgsave_status", "err")
}

fn fail_to_rewrite(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let address = world.address("redis")?;
    let folder = world.folder().join("redis/appendonlydir");
    let left = folder.clone();
    undo.by(move || fs::remove_dir_all(&left).with_context(|| format!("removing {}", left.display())));
    set(world, undo, "appendonly", "yes")?;
    let mut client = connect(world)?;
    client.until("aof_rewrite_in_progress", "0")?;
    // The next two numbers, whichever it takes.
    let taken: Vec<_> = (1..=20)
        .map(|number| folder.join(format!("appendonly.aof.{number}.base.rdb")))
        .collect();
    let taken: Vec<_> = taken.into_iter().filter(|path| !path.exists()).collect();
    for path in &taken {
        let inside = path.join("not-a-file");
        fs::create_dir_all(&inside).with_context(|| format!("creating {}", inside.display()))?;
    }
    undo.by(move || {
        for path in &taken {
            fs::remove_dir_all(path).with_context(|| format!("removing {}", path.display()))?;
        }
        let mut client = Redis::connect(address)?;
        client.ask(&["BGREWRITEAOF"])?;
        client.until("aof_last_bgrewrite_status", "ok")
    });
    client.ask(&["BGREWRITEAOF"])?;
    client.until("aof_last_bgrewrite_status", "err")
}
