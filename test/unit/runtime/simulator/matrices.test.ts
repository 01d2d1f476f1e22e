import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemberMatrix } from '#runtime/simulator/member-matrix.ts';
import { RecordMatrix } from '#runtime/simulator/record-matrix.ts';
import { A, applied, B, C, said, started, stopped, wrote } from './observations.ts';

const options = { hosts: 3, indexOf: (node: string) => [A, B, C].indexOf(node) };

test('members agree when each running node counts each other among the living', () => {
  const matrix = new MemberMatrix(options);
  matrix.observe(started(0, A));
  matrix.observe(started(0, B));
  assert.equal(matrix.disagreements, 2);
  matrix.observe(said(1, A, B, 'alive'));
  matrix.observe(said(1, B, A, 'joining'));
  assert.equal(matrix.disagreements, 1);
  assert.match(matrix.describeDisagreements(), /node 1 says joining of node 0, which is running/);
  matrix.observe(said(2, B, A, 'suspect'));
  assert.equal(matrix.disagreements, 0);
  matrix.observe(said(3, B, A, 'down'));
  assert.equal(matrix.disagreements, 1);
  assert.equal(matrix.stateOf(1, 0), 'down');
});

test('one that is off may be down, left or unknown, but not alive', () => {
  const matrix = new MemberMatrix(options);
  for (const node of [A, B]) matrix.observe(started(0, node));
  matrix.observe(said(1, A, B, 'alive'));
  matrix.observe(said(1, B, A, 'alive'));
  matrix.observe(stopped(2, B));
  assert.equal(matrix.disagreements, 1);
  matrix.observe(said(3, A, B, 'down'));
  assert.equal(matrix.disagreements, 0);
  matrix.observe(said(3, A, B, undefined));
  assert.equal(matrix.disagreements, 0);
});

test('a new process knows nobody', () => {
  const matrix = new MemberMatrix(options);
  for (const node of [A, B]) matrix.observe(started(0, node));
  matrix.observe(said(1, A, B, 'alive'));
  matrix.observe(said(1, B, A, 'alive'));
  matrix.observe(stopped(2, B));
  matrix.observe(started(3, B, 2));
  assert.equal(matrix.stateOf(1, 0), undefined);
  assert.equal(matrix.disagreements, 1);
  assert.equal(matrix.countAbout(1, 'alive'), 1);
});

test('records agree when each running node holds the version of each running owner', () => {
  const matrix = new RecordMatrix(options);
  for (const node of [A, B, C]) matrix.observe(started(0, node));
  matrix.observe(wrote(1, A, 11));
  assert.equal(matrix.disagreements, 2);
  matrix.observe(applied(2, B, 11));
  matrix.observe(applied(2, C, 11));
  assert.equal(matrix.disagreements, 0);
  matrix.observe(wrote(3, A, 12));
  matrix.observe(applied(4, B, 12));
  assert.equal(matrix.disagreements, 1);
  assert.match(matrix.describeDisagreements(), /node 2 holds version 11 of node 0's k, the owner has 12/);
  assert.equal(matrix.heldBy(1, A, 'k'), 12);
});

test('a deleted record agrees with having none, and one of an owner that is off with anything', () => {
  const matrix = new RecordMatrix(options);
  for (const node of [A, B, C]) matrix.observe(started(0, node));
  matrix.observe(wrote(1, A, 11));
  matrix.observe(applied(2, B, 11));
  matrix.observe(wrote(3, A, 12, { deleted: true }));
  assert.equal(matrix.disagreements, 1);
  matrix.observe(applied(4, B, 12, { change: 'delete' }));
  assert.equal(matrix.disagreements, 0);
  matrix.observe(wrote(5, A, 13));
  assert.equal(matrix.disagreements, 2);
  matrix.observe(stopped(6, A));
  assert.equal(matrix.disagreements, 0);
});

test("an owner's next life begins without records, and others must forget them", () => {
  const matrix = new RecordMatrix(options);
  for (const node of [A, B]) matrix.observe(started(0, node));
  matrix.observe(wrote(1, A, 11));
  matrix.observe(applied(2, B, 11));
  matrix.observe(stopped(3, A));
  matrix.observe(started(4, A, 2));
  assert.equal(matrix.disagreements, 1);
  matrix.observe(applied(5, B, 11, { change: 'forget' }));
  assert.equal(matrix.disagreements, 0);
});

test('records that nobody wrote through the simulation are not followed', () => {
  const matrix = new RecordMatrix(options);
  for (const node of [A, B]) matrix.observe(started(0, node));
  matrix.observe(applied(1, B, 11, { key: 'node' }));
  assert.equal(matrix.size, 0);
  assert.equal(matrix.disagreements, 0);
});

test('a record whose validity is over is to be gone everywhere', () => {
  const matrix = new RecordMatrix(options);
  for (const node of [A, B]) matrix.observe(started(0, node));
  matrix.observe(wrote(1, A, 11, { expiresAtMs: 3 }));
  matrix.observe(applied(2, B, 11));
  matrix.observe(applied(3, A, 11, { change: 'expire' }));
  assert.equal(matrix.disagreements, 1);
  matrix.observe(applied(4, B, 11, { change: 'expire' }));
  assert.equal(matrix.disagreements, 0);
});
