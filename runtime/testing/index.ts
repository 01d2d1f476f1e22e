/** For those who bring parts of their own: what holds for every implementation, and implementations in memory. */
export { ComplianceError, type TestFunction } from './check.ts';
export { cryptoCompliance } from './crypto-compliance.ts';
export { type FilesUnderTest, fileCompliance } from './file-suite.ts';
export { ManualTime } from './manual-time.ts';
export { MemoryFiles } from './memory-files.ts';
export { MemoryNetwork, MemoryTransport } from './memory-network.ts';
export { type TimeUnderTest, timeCompliance } from './time-suite.ts';
export { type PairOptions, type TransportPair, transportCompliance } from './transport-suite.ts';
