import { Component, createElement, type ComponentType } from 'preact';

/**
 * Rendered again only when `isSame` says that its props have changed; Preact has this in its compatibility layer only.
 */
export function memo<P extends object>(
  inner: ComponentType<P>,
  isSame: (before: P, after: P) => boolean,
): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return !isSame(this.props as P, next);
    }
    override render() {
      return createElement(inner, this.props as P);
    }
  };
}
