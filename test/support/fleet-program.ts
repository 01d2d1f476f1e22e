/** Stands in for a process with nodes: refuses, dies, talks nonsense or stays silent as the order says. */
import { parseRequest } from '../../scripts/bench/peers/messages.ts';

process.on('message', (message) => {
  const { id, order } = parseRequest(message);
  switch (order.type) {
    case 'put':
      process.send?.({ id, error: `no node ${order.node}` });
      break;
    case 'crash':
      process.exit(3);
      break;
    case 'sample':
      process.send?.('nonsense');
      break;
    case 'await':
      break;
    default:
      process.send?.({ id, answer: null });
  }
});
process.on('disconnect', () => process.exit(0));
