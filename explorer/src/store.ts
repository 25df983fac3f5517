// A value that parts of the page look at, and are drawn anew when it changes.
import {useEffect, useState} from 'preact/hooks';

export class Store<T> {
  #value: T;
  #watchers = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    this.#value = value;
    for (const watch of this.#watchers) watch(value);
  }

  watch(watcher: (value: T) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

export function useStore<T>(store: Store<T>): T {
  const [value, set] = useState(() => store.value);
  useEffect(() => {
    set(() => store.value);
    return store.watch(next => set(() => next));
  }, [store]);
  return value;
}
