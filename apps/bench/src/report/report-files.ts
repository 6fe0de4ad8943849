import { constants } from 'node:fs';
import { access, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { BenchOptions } from '../options/bench-options.ts';
import { shownArgument } from '../options/option-value.ts';
import { UsageError } from '../usage-error.ts';
import type { Report } from './report.ts';

/** Finds out before anything is measured whether the reports can be written. @throws UsageError */
export async function prepareReportFiles({ outFolder, jsonFile }: BenchOptions): Promise<void> {
  try {
    await mkdir(outFolder, { recursive: true });
    await access(outFolder, constants.W_OK);
  } catch (error) {
    throw notWritable('out', outFolder, error);
  }
  if (jsonFile === null) return;
  try {
    await access(dirname(resolve(jsonFile)), constants.W_OK);
  } catch (error) {
    throw notWritable('json', jsonFile, error);
  }
  const present = await stat(jsonFile).catch(() => null);
  if (present?.isDirectory()) throw notWritable('json', jsonFile, { code: 'EISDIR' });
}

/** Writes `report.json`, `report.html` and the further JSON that was asked for; answers their paths as given. */
export async function writeReportFiles(
  report: Report,
  { outFolder, jsonFile }: BenchOptions,
): Promise<string[]> {
  // Drawing takes a library that nothing else needs.
  const { htmlReport } = await import('./html-report.ts');
  const json = `${JSON.stringify(report, null, 2)}\n`;
  const files: [path: string, content: string][] = [
    [join(outFolder, 'report.html'), htmlReport(report)],
    [join(outFolder, 'report.json'), json],
  ];
  if (jsonFile !== null) files.push([jsonFile, json]);
  for (const [path, content] of files) await writeWhole(path, content);
  return files.map(([path]) => path);
}

/** All of it or nothing: a second Ctrl-C leaves the last report as it was. */
async function writeWhole(path: string, content: string): Promise<void> {
  const whole = `${path}.part`;
  try {
    await writeFile(whole, content);
    await rename(whole, path);
  } catch (error) {
    await rm(whole, { force: true });
    throw error;
  }
}

function notWritable(option: string, path: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reasons: Readonly<Record<string, string>> = {
    EEXIST: 'there is a file of that name',
    ENOTDIR: 'a part of it is no folder',
    ENOENT: 'its folder does not exist',
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    EROFS: 'this user may not write there',
    EISDIR: 'it is a folder',
  };
  return new UsageError(`--${option} ${shownArgument(path)} cannot be written: ${reasons[code] ?? code}.`);
}
