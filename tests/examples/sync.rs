//! Prints what it costs to keep collections in step with Bangumi, measured against its stand-in:
//! `cargo run -p tests --example sync > docs/sync-costs.md`. With three numbers behind `--`: how many users, of how many
//! entries, and how many the one has who has most.

#![expect(clippy::unwrap_used, reason = "a measurement that fails is none")]

use std::ops::AddAssign;

use secrecy::SecretString;
use shared::app::App;
use shared::bangumi::Modify;
use shared::collection::Entry;
use shared::http::links;
use shared::i18n::Lang;
use shared::id::{Attempt, UserId};
use shared::store::Store;
use shared::store::links::Linked;
use shared::store::users::{StoredPassword, Taken};
use shared::upstream::Tokens;
use tests::TestSite;

const DAY: i64 = 24 * 3600;

/// Whose collection is where.
struct Person {
    id: UserId,
    name: String,
}

/// What was asked of Bangumi and of the table.
#[derive(Clone, Copy, Default)]
struct Tally {
    requests: usize,
    writes: usize,
    calls: usize,
    read_units: f64,
    write_units: f64,
    minutes: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.writes += other.writes;
        self.calls += other.calls;
        self.read_units += other.read_units;
        self.write_units += other.write_units;
        self.minutes += other.minutes;
    }
}

struct Bench {
    site: TestSite,
}

impl Bench {
    fn app(&self) -> &App {
        self.site.site.app()
    }

    /// What was asked since it was last looked at.
    fn take(&self) -> Tally {
        let control = self.site.site.fakes().unwrap().control();
        let (asked, calls) = (control.requests(), self.site.proxy.calls());
        control.forget();
        self.site.proxy.forget();
        let units =
            |reads: bool| calls.iter().filter(|call| call.is_read() == reads).map(tests::faults::Call::units).sum();
        Tally {
            requests: asked.len(),
            writes: asked.iter().filter(|asked| asked.method != "GET").count(),
            calls: calls.len(),
            read_units: units(true),
            write_units: units(false),
            minutes: 0,
        }
    }

    /// Runs the schedule, every minute, until nobody is due.
    async fn work(&self) -> Tally {
        self.take();
        let mut tally = Tally::default();
        loop {
            self.site.site.run_scheduled("sync").await.unwrap();
            tally += Tally { minutes: 1, ..self.take() };
            let soon = self.app().clock.now() + 3_600;
            let mut is_done = true;
            for shard in Store::sync_shards() {
                is_done &= self.app().store.list_due_syncs(shard, soon, 1).await.unwrap().is_empty();
            }
            if is_done {
                return tally;
            }
            if tally.minutes % 20 == 0 {
                eprintln!("{} minutes, {} requests", tally.minutes, tally.requests);
            }
            self.site.clock.advance(60);
        }
    }

    /// Somebody with `entries` there, who has just bound the account.
    async fn person(&self, n: usize, entries: u32) -> Person {
        let (app, name) = (self.app(), format!("person-{n}"));
        let fakes = self.site.site.fakes().unwrap();
        fakes.control().bangumi().fill(&name, entries);
        let user = shared::account::User::new(UserId::new(&app.entropy), app.clock.now());
        let password = StoredPassword { hash: String::new(), version: 1 };
        let created = app.store.create_user(&user, &password, None, Attempt::new(&app.entropy)).await.unwrap();
        assert!(matches!(created, Taken::Done), "{created:?}");
        let access_token: SecretString = fakes.bangumi_token(&name, 365 * DAY).unwrap();
        let refresh_token = Some(SecretString::from("not used"));
        let tokens = Tokens { access_token, refresh_token, expires_at: Some(app.clock.now() + 365 * DAY) };
        let provider = app.upstream.find("bangumi").unwrap();
        let subject = name.clone().try_into().unwrap();
        let link = links::new_link(app, user.user_id, provider, subject, Some(&tokens), Lang::En);
        let linked = app.store.create_link(&user, &link, None, Attempt::new(&app.entropy)).await.unwrap();
        assert!(matches!(linked, Linked::Done), "{linked:?}");
        Person { id: user.user_id, name }
    }

    async fn entries(&self, person: &Person, count: usize) -> Vec<Entry> {
        self.app().store.list_kept_entries(person.id, 0, count).await.unwrap()
    }
}

/// How a row is told, for each of so many.
fn row(what: &str, tally: Tally, users: usize) {
    let each = |sum: f64| format!("{:.1}", sum / users as f64);
    println!(
        "| {what} | {} | {} | {} | {} | {} |",
        each(tally.requests as f64),
        each(tally.writes as f64),
        each(tally.calls as f64),
        each(tally.read_units),
        each(tally.write_units)
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut wanted = std::env::args().skip(1).map(|number| number.parse::<u32>().unwrap());
    let mut number = |otherwise| wanted.next().unwrap_or(otherwise);
    let (users, entries, most) = (number(1_000), number(300), number(20_000));
    let bench = Bench { site: TestSite::start().await };
    let world = bench.site.site.fakes().unwrap().control().bangumi();
    world.set(|quirks| (quirks.works, quirks.requests) = (most + 1_000, u32::MAX));

    println!("# What it costs to stay in step with Bangumi\n");
    println!(
        "Measured by `cargo run -p tests --example sync > docs/sync-costs.md`, against Bangumi's stand-in and the embedded"
    );
    println!(
        "table: requests to Bangumi, calls of the table and its capacity units, for each user. `cargo xtask cost` makes dollars"
    );
    println!("of it.\n");
    println!(
        "| each of {users} users of {entries} entries | requests to Bangumi | of which write | calls of the table | read units | write units |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    let count = usize::try_from(users).unwrap();
    let mut people = Vec::new();
    for n in 0..count {
        people.push(bench.person(n, entries).await);
    }
    let first = bench.work().await;
    row("first import", first, count);
    let changed = (entries / 100).max(1);

    // Each day begins in the evening of the last: whoever is due once a day comes at another hour.
    bench.site.clock.advance(DAY * 5 / 4);
    let idle = bench.work().await;
    row("a day on which nothing changed", idle, count);

    for person in &people {
        for entry in bench.entries(person, usize::try_from(changed).unwrap()).await {
            let kind = if entry.status.as_str() == "done" { 3 } else { 2 };
            world.edit(&person.name, entry.subject_id, &Modify { kind: Some(kind), ..Modify::default() });
        }
    }
    bench.site.clock.advance(DAY * 5 / 4);
    row("a day on which 1 % changed there", bench.work().await, count);

    let app = bench.app();
    bench.site.clock.advance(1);
    for person in &people {
        for kept in bench.entries(person, usize::try_from(changed).unwrap()).await {
            let rating = Some(kept.rating.map_or(7, |rating| rating % 10 + 1));
            let now = app.clock.now_millis();
            let entry = Entry { rating, updated_at: now, version: kept.version + 1, ..kept.clone() };
            assert!(app.store.put_entry(person.id, &entry, Some(&kept), Attempt::new(&app.entropy)).await.unwrap());
        }
        app.store.nudge_sync(person.id, app.clock.now_millis(), Attempt::new(&app.entropy)).await.unwrap();
    }
    bench.site.clock.advance(60);
    row("1 % that changed here, sent", bench.work().await, count);

    bench.site.clock.advance(7 * DAY);
    row("a day with a look at everything", bench.work().await, count);

    println!(
        "\n| the one who has {most} entries | requests to Bangumi | of which write | calls of the table | read units | write units |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    let person = bench.person(count, most).await;
    let minutes = bench.work().await;
    row("first import", minutes, 1);
    bench.site.clock.advance(DAY * 5 / 4);
    // The others are due as well by then, and are not counted: theirs is a request each.
    let both = bench.work().await;
    let others = f64::from(users);
    assert!(both.requests as f64 >= others);
    for entry in bench.entries(&person, usize::try_from(most / 100).unwrap()).await {
        let kind = if entry.status.as_str() == "done" { 3 } else { 2 };
        world.edit(&person.name, entry.subject_id, &Modify { kind: Some(kind), ..Modify::default() });
    }
    app.store.want_sync(person.id, app.clock.now_millis(), Attempt::new(&app.entropy)).await.unwrap();
    row("1 % that changed there", bench.work().await, 1);
    let (requests, day) = (idle.requests as f64 / others, f64::from(200 * 24 * 60));
    let millions = |sum: f64| format!("{:.1} million", sum / others);
    println!(
        "\nAll share 200 requests a minute: what Bangumi bears of one address, with room for people who look something up. So"
    );
    println!(
        "the first imports took {} minutes of the stand-in's time, and that of the one {}.\n",
        first.minutes, minutes.minutes
    );
    println!("## A million users\n");
    println!("A day on which nothing changed is {} requests to Bangumi,", millions(idle.requests as f64));
    println!("{} read units and {} write units.", millions(idle.read_units), millions(idle.write_units));
    println!(
        "The table and Lambda bear that. **Bangumi does not, from one address**: 200 requests a minute are {day:.0} a day,"
    );
    println!(
        "a daily look at the collections of {:.0} users. Beyond that, those come first who wait for longest; looks are further",
        day / requests
    );
    println!(
        "apart, and edits made here wait as well. A larger site needs Bangumi's consent to more, and then another number in"
    );
    println!("`shared/src/store/allowance.rs`.");
}
