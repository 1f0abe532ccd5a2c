import { Component, type ComponentChildren } from 'preact';

interface BoundaryProps {
  /** In the place of what cannot be rendered. */
  instead: ComponentChildren;
  children: ComponentChildren;
}

/** What fails to render takes nothing with it; it is tried again when there is something else to render. */
export class Boundary extends Component<BoundaryProps, { failed: ComponentChildren }> {
  override componentDidCatch(error: unknown): void {
    reportError(error);
    this.setState({ failed: this.props.children });
  }

  override render() {
    const { instead, children } = this.props;
    return children === this.state.failed ? instead : children;
  }
}
