import { describe, expect, it } from 'vitest';
import type { Hub } from '../engine/hub.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { Attachment } from './attachment.ts';

const hub = {} as Hub;
const closed = { code: CacheErrorCode.CLOSED };

describe('Attachment', () => {
  it('opens once, for all who ask', async () => {
    let opened = 0;
    const attachment = new Attachment(null, async () => {
      opened += 1;
      return hub;
    });
    expect(await Promise.all([attachment.ready(), attachment.ready()])).toEqual([hub, hub]);
    expect([attachment.hub, opened]).toEqual([hub, 1]);
  });

  it('an opening that fails rejects every call alike', async () => {
    let opened = 0;
    const attachment = new Attachment(null, async () => {
      opened += 1;
      throw new Error('no package');
    });
    await expect(attachment.ready()).rejects.toThrow('no package');
    await expect(attachment.ready()).rejects.toThrow('no package');
    expect(await attachment.settled()).toBeNull();
    expect(opened).toBe(1);
  });

  it('closed while it opens: the call is refused, the hub is known to who closes', async () => {
    const attachment = new Attachment(null, async () => hub);
    const ready = attachment.ready();
    attachment.closed = true;
    await expect(ready).rejects.toMatchObject(closed);
    expect(await attachment.settled()).toBe(hub);
    await expect(attachment.ready()).rejects.toMatchObject(closed);
  });

  it('nothing is opened for one that is closed', async () => {
    const attachment = new Attachment(null, () => Promise.reject(new Error('opened')));
    attachment.closed = true;
    await expect(attachment.ready()).rejects.toMatchObject(closed);
    expect(await attachment.settled()).toBeNull();
  });
});
