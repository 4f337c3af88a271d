//! The measurements as the tables of docs/cold-start.md.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use super::{Sample, Way};

/// What was measured of one event. The first row is the bare function.
pub(super) struct Row {
    pub(super) function: String,
    pub(super) event: String,
    pub(super) samples: HashMap<Way, Vec<Sample>>,
    /// The binary's size in bytes.
    pub(super) binary: u64,
    /// The zip's.
    pub(super) zip: u64,
}

/// All of it.
pub(super) struct Report(pub(super) Vec<Row>);

/// The middle half of some values, in milliseconds.
struct Spread {
    low: f64,
    median: f64,
    high: f64,
}

impl Spread {
    /// Of a part of every sample; `None` where nothing was measured.
    fn of(samples: &[Sample], part: impl Fn(&Sample) -> Duration) -> Option<Self> {
        let mut values: Vec<_> = samples.iter().map(|sample| part(sample).as_secs_f64() * 1000.0).collect();
        values.sort_by(f64::total_cmp);
        let at = |quarter: usize| values.get((values.len().max(1) - 1) * quarter / 4).copied();
        Some(Self { low: at(1)?, median: at(2)?, high: at(3)? })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.median < 20.0 { 1 } else { 0 };
        let Self { low, median, high } = self;
        write!(f, "{median:.digits$} ({low:.digits$}–{high:.digits$})")
    }
}

impl Row {
    fn spread(&self, way: Way, part: impl Fn(&Sample) -> Duration) -> Option<Spread> {
        Spread::of(self.samples.get(&way)?, part)
    }

    fn whole(&self, way: Way) -> Option<Spread> {
        self.spread(way, |sample| sample.ready + sample.answer)
    }

    /// Ready, first answer, and both, as cells.
    fn cells(&self, way: Way) -> String {
        let spreads =
            [self.spread(way, |sample| sample.ready), self.spread(way, |sample| sample.answer), self.whole(way)];
        spreads.map(|spread| spread.map_or_else(|| "–".to_owned(), |spread| spread.to_string())).join(" | ")
    }

    /// The most memory of any start, in MB.
    fn peak(&self) -> f64 {
        let kib = self.samples.values().flatten().map(|sample| sample.peak).max().unwrap_or_default();
        f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) * 1.024 / 1000.0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let floor = |way| self.0.first().and_then(|bare| bare.whole(way));
        for (title, way) in [("plain HTTP", Way::Plain), ("TLS", Way::Tls)] {
            writeln!(f, "\n### The table over {title}, a whole core\n")?;
            writeln!(f, "| function | event | ready, ms | first answer, ms | both, ms | / bare |")?;
            writeln!(f, "|---|---|---:|---:|---:|---:|")?;
            for row in &self.0 {
                let ratio = row.whole(way).zip(floor(way)).map(|(whole, bare)| whole.median / bare.median);
                let ratio = ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
                writeln!(f, "| {} | {} | {} | {ratio} |", row.function, row.event, row.cells(way))?;
            }
        }
        writeln!(f, "\n### With 0.145 of a core\n")?;
        writeln!(
            f,
            "| function | event | HTTP: ready, ms | first answer, ms | both, ms | TLS: ready, ms | first answer, ms | \
             both, ms | TLS costs, ms |"
        )?;
        writeln!(f, "|---|---|---:|---:|---:|---:|---:|---:|---:|")?;
        for row in &self.0 {
            let more =
                row.whole(Way::SlowTls).zip(row.whole(Way::SlowPlain)).map(|(tls, plain)| tls.median - plain.median);
            let more = more.map_or_else(|| "–".to_owned(), |more| format!("{more:.0}"));
            let (plain, tls) = (row.cells(Way::SlowPlain), row.cells(Way::SlowTls));
            writeln!(f, "| {} | {} | {plain} | {tls} | {more} |", row.function, row.event)?;
        }
        writeln!(f, "\n### Size\n")?;
        writeln!(f, "| function | event | peak memory, MB | binary, KB | zip, KB |")?;
        writeln!(f, "|---|---|---:|---:|---:|")?;
        for row in &self.0 {
            let (binary, zip) = (row.binary / 1000, row.zip / 1000);
            writeln!(f, "| {} | {} | {:.1} | {binary} | {zip} |", row.function, row.event, row.peak())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(milliseconds: &[u64]) -> HashMap<Way, Vec<Sample>> {
        let sample =
            |ms: &u64| Sample { ready: Duration::from_millis(*ms), answer: Duration::from_millis(1), peak: 1000 * ms };
        HashMap::from([(Way::Plain, milliseconds.iter().map(sample).collect())])
    }

    #[test]
    fn a_spread_is_the_median_and_the_middle_half() {
        let samples = samples(&[9, 1, 5, 3, 7]);
        let spread = Spread::of(&samples[&Way::Plain], |sample| sample.ready).unwrap();
        assert_eq!(spread.to_string(), "5.0 (3.0–7.0)");
        assert!(Spread::of(&[], |sample| sample.ready).is_none());
    }

    #[test]
    fn ratios_are_to_the_first_row_and_what_was_not_measured_is_left_out() {
        let row = |function: &str, ms| Row {
            function: function.to_owned(),
            event: "e".to_owned(),
            samples: samples(&[ms]),
            binary: 1_637_000,
            zip: 700_000,
        };
        let report = Report(vec![row("bare", 1), row("token", 3)]).to_string();
        assert!(report.contains("| token | e | 3.0 (3.0–3.0) | 1.0 (1.0–1.0) | 4.0 (4.0–4.0) | 2.00 |"), "{report}");
        assert!(report.contains("| token | e | – | – | – | – |"), "{report}");
        assert!(report.contains("| token | e | 3.1 | 1637 | 700 |"), "{report}");
    }
}
