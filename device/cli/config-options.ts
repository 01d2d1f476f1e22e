import type { Command } from 'commander';

/** Adds the flags that `run` and `config` share; their values make a `ConfigFlags`. */
export function addConfigOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default: /etc/gridvine/gridvine.yaml, if it exists)')
    .option('--name <name>', "this node's name (default: the host's name)")
    .option('--cluster <name>', "the cluster's name (default: gridvine)")
    .option('--key-file <file>', "file with the cluster's key; see: gridvine keygen")
    .option('--data-dir <dir>', "directory for the node's identity and state")
    .option('--socket <path>', 'unix socket of the API')
    .option('--bind <address...>', 'listen there; port 0: any free one (default: all chosen interfaces)')
    .option('--interface <name...>', 'use these interfaces and no others; * stands for any rest')
    .option('--advertise <address...>', 'tell others these addresses instead (behind a NAT)')
    .option('--join <address...>', 'nodes to join by')
    .option('--profile <id>', 'board profile (default: detected)')
    .option('--no-multicast', 'neither find others nor be found by multicast')
    .option('--set <path=value...>', 'set any key of the configuration');
}
