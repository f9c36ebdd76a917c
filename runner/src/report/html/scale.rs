//! The time axis of a picture.

use std::time::Duration;

/// Times within a window, as places on a line. What was waited for and is no part of a drill, such as
/// the making of an image, takes no room.
#[derive(Debug, Clone)]
pub struct Scale {
    pub from: Duration,
    pub to: Duration,
    /// What is left out, in order, without overlaps.
    left_out: Vec<(Duration, Duration)>,
    pub width: f64,
    /// What the axis counts from.
    pub zero: Duration,
}

/// Distances between ticks that people can count in, in milliseconds.
const STEPS: &[u32] = &[
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000,
    300_000, 600_000, 1_200_000, 3_600_000, 7_200_000, 21_600_000,
];
/// Between two ticks, at least.
const ROOM: f64 = 70.0;

impl Scale {
    pub fn new(
        (from, to): (Duration, Duration),
        pauses: &[(Duration, Duration)],
        width: f64,
        zero: Duration,
    ) -> Self {
        let mut pauses = pauses.to_vec();
        pauses.sort();
        let mut left_out: Vec<(Duration, Duration)> = Vec::new();
        for (start, end) in pauses {
            match left_out.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => left_out.push((start, end)),
            }
        }
        Self {
            from,
            // A picture of nothing has a length too.
            to: to.max(from + Duration::from_millis(1)),
            left_out,
            width,
            zero,
        }
    }

    /// The place of a time; one out of the window is at its edge.
    pub fn x(&self, at: Duration) -> f64 {
        let at = at.clamp(self.from, self.to);
        let long = self.counted(self.from, self.to).max(1e-6);
        tenth(self.counted(self.from, at) / long * self.width)
    }

    /// The part of a span that lies in the window, as place and length; none if it lies outside.
    pub fn span(&self, from: Duration, to: Duration) -> Option<(f64, f64)> {
        if to < self.from || from > self.to || from > to {
            return None;
        }
        let (start, end) = (self.x(from), self.x(to));
        Some((start, tenth(end - start)))
    }

    pub fn holds(&self, at: Duration) -> bool {
        self.from <= at && at <= self.to
    }

    /// Places and labels of the axis.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let long = self.counted(self.from, self.to).max(1e-6);
        let fits = |step: f64| step / long * self.width >= ROOM;
        let mut step = STEPS.iter().map(|ms| f64::from(*ms) / 1000.0);
        let step = step.clone().find(|it| fits(*it)).or(step.next_back());
        let step = step.unwrap_or(1.0);
        let zero = self.counted(self.from, self.zero) - self.counted(self.zero, self.from);
        let first = (-zero / step).ceil();
        let mut ticks = Vec::new();
        let mut number = first;
        while number * step + zero <= long + 1e-9 {
            let x = tenth((number * step + zero) / long * self.width);
            ticks.push((x, label(number * step, step)));
            number += 1.0;
        }
        ticks
    }

    /// The seconds between two times that are not left out.
    fn counted(&self, from: Duration, to: Duration) -> f64 {
        let out = self.left_out.iter().map(|(start, end)| {
            let (start, end) = ((*start).max(from), (*end).min(to));
            end.saturating_sub(start)
        });
        let out: Duration = out.sum();
        to.saturating_sub(from).saturating_sub(out).as_secs_f64()
    }
}

fn label(seconds: f64, step: f64) -> String {
    let sign = if seconds < -1e-9 { "−" } else { "" };
    let seconds = seconds.abs();
    if step < 0.1 {
        format!("{sign}{seconds:.2} s")
    } else if step < 1.0 {
        format!("{sign}{seconds:.1} s")
    } else if step < 60.0 {
        format!("{sign}{seconds:.0} s")
    } else {
        format!("{sign}{:.0} min", seconds / 60.0)
    }
}

/// A tenth of a pixel is enough.
pub fn tenth(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    fn told(scale: &Scale) -> String {
        let ticks = scale.ticks();
        let ticks = ticks.iter().map(|(x, label)| format!("{label} at {x}"));
        ticks.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn ticks_are_round_and_count_from_zero() {
        let scale = Scale::new((ms(1_250), ms(4_250)), &[], 600.0, ms(2_000));
        insta::assert_snapshot!(told(&scale), @"
        −0.5 s at 50
        0.0 s at 150
        0.5 s at 250
        1.0 s at 350
        1.5 s at 450
        2.0 s at 550
        ");
        let later = Scale::new((ms(60_200), ms(63_000)), &[], 300.0, ms(200));
        insta::assert_snapshot!(told(&later), @"
        60 s at 0
        61 s at 107.1
        62 s at 214.3
        ");
        let hours = Scale::new((ms(0), ms(7_200_000)), &[], 300.0, ms(0));
        insta::assert_snapshot!(told(&hours), @"
        0 min at 0
        60 min at 150
        120 min at 300
        ");
    }

    #[test]
    fn what_is_left_out_takes_no_room() {
        let scale = Scale::new(
            (ms(0), ms(3_000)),
            &[(ms(500), ms(1_500)), (ms(1_000), ms(2_500))],
            100.0,
            ms(0),
        );
        let places = [0, 250, 500, 1_000, 2_500, 2_750, 3_000, 9_000]
            .map(|at| format!("{at}: {}", scale.x(ms(at))));
        insta::assert_snapshot!(places.join("\n"), @"
        0: 0
        250: 25
        500: 50
        1000: 50
        2500: 50
        2750: 75
        3000: 100
        9000: 100
        ");
    }

    #[test]
    fn a_window_of_no_length_is_drawn_all_the_same() {
        let scale = Scale::new((ms(5), ms(5)), &[], 100.0, ms(5));
        assert_eq!((scale.x(ms(5)), scale.x(ms(6))), (0.0, 100.0));
        assert_eq!(scale.span(ms(7), ms(8)), None);
    }
}
