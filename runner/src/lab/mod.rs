//! A lab: what a scenario has built, what can be done with it, and how it is undone.

mod act;
mod ahead;
mod archive;
mod attach;
mod backup;
mod carrier;
mod commit;
mod config;
mod connection;
mod course;
mod create;
mod daemon;
mod diagnosis;
mod docker_run;
mod endpoint;
mod engine_network;
mod excerpt;
mod fabric;
mod faults;
mod files;
mod glance;
mod log;
mod names;
mod networks;
mod node;
mod power;
mod probe;
mod psql;
mod recovery;
mod replication;
mod rewind;
mod role;
mod server;
mod split_brain;
mod standby;
mod streaming;
mod subscription;
mod teardown;
mod upstream;
mod vip;
mod watch;
mod workload;
mod world;

pub use act::{Act, Sink, Watch};
pub use archive::{SwitchedWal, archive_to, fetch, restore_command, restore_point, switch_wal};
pub use attach::{
    AttachOptions, addresses, bridge_address, detach, ping, ping_from_host, pipework,
    pipework_attach,
};
pub use backup::{Backup, BackupOptions, basebackup, combine_backups};
pub use carrier::{Carrier, SEARCH as CARRIERS};
pub use commit::commit_image;
pub use config::{allow, configure};
pub use connection::{Connection, ConnectionOptions};
pub use create::{NodeOptions, start_node};
pub use daemon::{daemon_log, start_daemon, stop_daemon};
pub use diagnosis::diagnosis;
pub use docker_run::shows_end;
pub use endpoint::Endpoint;
pub use engine_network::{EngineNetwork, EngineNetworkOptions, network};
pub use fabric::{
    Address, Cut, Ground, HOST, Interface, Move, NETEM, Pipework, Rights, Shape, Side, Sight, Vip,
    refuse_source,
};
pub use faults::{cut, heal, isolate, partition, plug, power_off, power_on, shape, unplug};
pub use files::{append_file, copy_in, read_file, write_file};
pub use glance::Glance;
pub use log::{LogMark, log_mark, server_log, wait_for_log};
pub use names::check_name;
pub use node::{Node, Superuser};
pub use power::{boot, kill, pause, remove, stop, unpause};
pub use psql::{Expected, PsqlOptions, ShellOptions, execute, psql, sh};
pub use recovery::{Recovery, Target, promote, recover};
pub use replication::{
    Caught, ReadOnly, is_primary, read_only, replication, slots, streaming_names, sync_mode,
    timeline, wait_for_catchup,
};
pub use rewind::rewind;
pub use server::{StopMode, kill_server, reload_server, restart_server, start_server, stop_server};
pub use split_brain::no_split_brain;
pub use standby::{StandbyOptions, follow, start_standby};
pub use streaming::wait_streaming;
pub use subscription::wait_for_subscription;
pub use teardown::{Lab, NODE_LABEL, SCOPE_LABEL, Volume, sweep};
pub use upstream::Link;
pub use vip::{endpoint, endpoint_of, move_vip, release_vip, vip_holders};
pub use workload::{Connections, Service, Workload, WorkloadOptions};
pub use world::World;
