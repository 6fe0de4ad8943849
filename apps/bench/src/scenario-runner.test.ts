import { expect, it } from 'vitest';
import type { Scenario, ScenarioResult } from './scenario/scenario.ts';
import { runScenarios } from './scenario-runner.ts';
import type { Progress } from './terminal/progress.ts';

function silentProgress(lines: string[] = []): Progress {
  return {
    begin: (label, leftMs) => lines.push(`begin ${label}, ${leftMs} ms left`),
    update: ({ fraction }, leftMs) => lines.push(`${fraction}, ${Math.round(leftMs)} ms left`),
    end: (summary) => lines.push(summary.replace(/\(.*\)/, '(…)')),
    close: () => lines.push('close'),
  };
}

function scenario(name: 'zipf' | 'scan', run: () => Promise<string>): Scenario {
  const result = { kind: 'replay', name } as ScenarioResult;
  let done = false;
  const step = async (): Promise<string> => {
    const summary = await run();
    done = true;
    return summary;
  };
  return {
    name,
    steps: [{ label: `${name} · step`, expectedMs: 1000, run: step }],
    result: () => (done ? result : null),
  };
}

const never = new AbortController().signal;

it('runs step after step, and counts the later ones into the time left', async () => {
  const lines: string[] = [];
  const scenarios = [scenario('zipf', async () => 'fine'), scenario('scan', async () => '')];
  const { results, failure } = await runScenarios(scenarios, silentProgress(lines), never);
  expect(failure).toBeNull();
  expect(results.map(({ name }) => name)).toEqual(['zipf', 'scan']);
  expect(lines).toEqual([
    'begin zipf · step, 2000 ms left',
    '✓ zipf · step  fine  (…)',
    'begin scan · step, 1000 ms left',
    '✓ scan · step  (…)',
    'close',
  ]);
});

it('keeps what had been measured when a step fails or somebody stops it', async () => {
  const failing = scenario('scan', () => Promise.reject(new Error('broken')));
  const failed = await runScenarios([scenario('zipf', async () => ''), failing], silentProgress(), never);
  expect(failed).toMatchObject({ results: [{ name: 'zipf' }], failure: { message: 'broken' } });

  const stop = new AbortController();
  const stopping = scenario('zipf', async () => {
    stop.abort();
    return '';
  });
  const stopped = await runScenarios([stopping, failing], silentProgress(), stop.signal);
  expect(stopped).toMatchObject({ results: [{ name: 'zipf' }], failure: null });
});
