/** Whether `text` has no lone surrogate, which UTF-8 cannot hold: Node would write U+FFFD in its place. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
