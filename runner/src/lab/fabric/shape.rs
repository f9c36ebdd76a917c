//! Slow and lossy cables. The kernel's netem does it all; where there is none, a token bucket limits
//! the rate and the packet filter loses packets.

use std::time::Duration;

use crate::problem::{Blame, Problem};

use super::Fabric;
use super::address::Interface;
use super::state::{Port, State};
use super::words::{NETEM, explained};

/// What a cable does to packets, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    pub delay: Option<Duration>,
    /// The delay varies by so much.
    pub jitter: Option<Duration>,
    /// Of ten thousand packets, how many are lost.
    pub loss: Option<u32>,
    /// Bits a second.
    pub rate: Option<u64>,
}

impl Fabric {
    /// Makes a cable slow or lossy, in place of what it was before. Returns the commands.
    pub async fn shape(
        &self,
        node: &str,
        interface: &Interface,
        shape: Shape,
    ) -> Result<Vec<String>, Problem> {
        let mut state = self.state.lock().await;
        state.process(node)?;
        let before = state.must_port(node, interface)?.clone();
        let netem = self.has_netem().await?;
        let delays = shape.delay.or(shape.jitter).is_some();
        if delays && !netem {
            let message = "the kernel of the engine's machine can't delay packets: it has no netem";
            return Err(Problem::new(Blame::Environment, message)
                .note(NETEM)
                .note("rate and loss work without it"));
        }
        let wanted = Port {
            shape: Some(shape),
            loss: shape.loss.filter(|_| !netem),
            ..before.clone()
        };
        self.put(&mut state, wanted, netem).await
    }

    /// The cable is as good as new.
    pub async fn unshape(&self, node: &str, interface: &Interface) -> Result<Vec<String>, Problem> {
        let mut state = self.state.lock().await;
        state.process(node)?;
        let wanted = Port {
            shape: None,
            loss: None,
            ..state.must_port(node, interface)?.clone()
        };
        let netem = self.has_netem().await?;
        self.put(&mut state, wanted, netem).await
    }

    async fn put(
        &self,
        state: &mut State,
        wanted: Port,
        netem: bool,
    ) -> Result<Vec<String>, Problem> {
        let mut commands = Vec::new();
        let at = state.ports.iter().position(|it| it.name == wanted.name);
        let at = at.expect("it was just looked up");
        let before = std::mem::replace(&mut state.ports[at], wanted);
        if before.loss.is_some() || state.ports[at].loss.is_some() {
            commands.extend(self.filter(state).await?);
        }
        commands.extend(self.queue_with(state, &state.ports[at], netem).await?);
        Ok(commands)
    }

    /// The queue of a port whose machine has come back.
    pub(super) async fn queue(&self, state: &State, port: &Port) -> Result<(), Problem> {
        let netem = self.has_netem().await?;
        self.queue_with(state, port, netem).await?;
        Ok(())
    }

    /// The queues at both ends of the cable.
    async fn queue_with(
        &self,
        state: &State,
        port: &Port,
        netem: bool,
    ) -> Result<Vec<String>, Problem> {
        let queue = port.shape.and_then(|shape| discipline(shape, netem));
        let command = |device: &Interface| match &queue {
            Some(queue) => format!("tc qdisc replace dev {device} root {queue}"),
            // Deleting what is not there is an error, and as good.
            None => format!("tc qdisc del dev {device} root 2>/dev/null || :"),
        };
        let (ours, theirs) = (command(&port.name), command(&port.interface));
        let outer = self.run(&ours).await?;
        let inner = self.within(state, &port.node, &theirs).await?;
        for output in [outer, inner] {
            if output.code != 0 {
                let what = format!("shaping {} of node `{}`", port.interface, port.node);
                return Err(explained(&what, &output));
            }
        }
        let shown = |command: String| command.replace(" 2>/dev/null || :", "");
        Ok(vec![shown(ours)])
    }

    pub(super) async fn has_netem(&self) -> Result<bool, Problem> {
        let tried = "tc qdisc add dev lo root netem 2>/dev/null && tc qdisc del dev lo root";
        Ok(self.run(tried).await?.code == 0)
    }
}

/// The queueing discipline as `tc` names it; none: the filter does it all.
fn discipline(shape: Shape, netem: bool) -> Option<String> {
    let Shape {
        delay,
        jitter,
        loss,
        rate,
    } = shape;
    if netem {
        let mut words = vec!["netem".to_owned()];
        if let Some(delay) = delay.or(jitter.map(|_| Duration::ZERO)) {
            words.push(format!("delay {}us", delay.as_micros()));
            words.extend(jitter.map(|it| format!("{}us", it.as_micros())));
        }
        words.extend(loss.map(|it| format!("loss {}.{:02}%", it / 100, it % 100)));
        words.extend(rate.map(|it| format!("rate {it}bit")));
        return Some(words.join(" "));
    }
    let rate = rate?;
    // What passes at once: a hundredth of a second's worth, and never less than a few packets.
    let burst = (rate / 8 / 100).max(16 << 10);
    Some(format!("tbf rate {rate}bit burst {burst} latency 100ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netem_does_it_all_and_a_bucket_the_rate() {
        let shape = Shape {
            delay: Some(Duration::from_millis(50)),
            jitter: Some(Duration::from_millis(5)),
            loss: Some(150),
            rate: Some(8_000_000),
        };
        assert_eq!(
            discipline(shape, true).as_deref(),
            Some("netem delay 50000us 5000us loss 1.50% rate 8000000bit")
        );
        assert_eq!(
            discipline(shape, false).as_deref(),
            Some("tbf rate 8000000bit burst 16384 latency 100ms")
        );
    }
}
