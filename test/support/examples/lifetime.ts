import { createNode } from 'gridvine';
import { optionsOf } from './site.ts';

const evening = new AbortController();
const roof = await createNode({ ...optionsOf('roof'), signal: evening.signal });
roof.onEvent((event) => {
  if (event.type === 'left') console.log('said goodbye');
});

evening.abort(new Error('it is evening'));
await roof.leave(); // has begun already: resolves when it is over

await createNode({ ...optionsOf('roof'), signal: evening.signal }).catch((reason) =>
  console.log(reason.message),
);
