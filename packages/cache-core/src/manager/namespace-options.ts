import { type CallOptions, overlay } from '../engine/call-options.ts';
import type { MemoryStoreOptions } from '../memory/memory-options.ts';
import { byteCount, checkOptions, invalidOption, wholeNumber } from '../option-checks.ts';
import { DEFAULT_OPTION_NAMES, type DefaultOptions } from './manager-options.ts';

export interface NamespaceOptions extends DefaultOptions {
  /**
   * Bounds of this namespace inside those of the whole memory, the longest unused leaving first; `false` keeps nothing
   * of it in memory, where there is a store behind. Default: the whole memory's bounds.
   */
  readonly l1?: Pick<MemoryStoreOptions, 'maxEntries' | 'maxBytes'> | false | undefined;
}

export interface ResolvedNamespaceOptions {
  readonly options: CallOptions;
  readonly usesL1: boolean;
  readonly bounds: { readonly maxEntries: number; readonly maxBytes: number } | null;
}

/** @throws INVALID_CONFIGURATION */
export function resolveNamespaceOptions(
  options: NamespaceOptions | undefined,
  base: CallOptions,
  tagPrefix: string,
): ResolvedNamespaceOptions {
  const where = 'namespace';
  const { l1, ...defaults } = checkOptions<NamespaceOptions>(options, ['l1', ...DEFAULT_OPTION_NAMES], where);
  return {
    options: overlay(base, defaults, tagPrefix, where),
    usesL1: l1 !== false,
    bounds: l1 === undefined || l1 === false ? null : resolveBounds(l1, `${where}.l1`),
  };
}

function resolveBounds(l1: unknown, where: string): { maxEntries: number; maxBytes: number } {
  if (typeof l1 !== 'object' || l1 === null) throw invalidOption(where, 'bounds or false', l1);
  const given = checkOptions<Pick<MemoryStoreOptions, 'maxEntries' | 'maxBytes'>>(
    l1,
    ['maxEntries', 'maxBytes'],
    where,
  );
  return {
    maxEntries: wholeNumber(given.maxEntries ?? Infinity, `${where}.maxEntries`, { min: 1, max: Infinity }),
    maxBytes: byteCount(given.maxBytes ?? Infinity, `${where}.maxBytes`, { min: 1 }),
  };
}
