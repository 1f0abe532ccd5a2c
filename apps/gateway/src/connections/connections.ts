import type { GatewayMessage } from '@agent-messenger/contracts';
import type { Connection } from './connection';

type Eviction = Omit<Extract<GatewayMessage, { type: 'evict' }>, 'type'>;

/** The live connections of this gateway, at most one an identity. */
export class Connections {
  private readonly byIdentity = new Map<string, Connection>();

  get size(): number {
    return this.byIdentity.size;
  }

  get(identityId: string): Connection | undefined {
    return this.byIdentity.get(identityId);
  }

  /** Takes the identity's place; an earlier connection with a lower epoch is closed as replaced. */
  add(connection: Connection): void {
    const earlier = this.byIdentity.get(connection.identity.id);
    if (earlier && earlier.epoch > connection.epoch) return connection.close('replaced');
    this.byIdentity.set(connection.identity.id, connection);
    earlier?.replace(earlier.credentialId === connection.credentialId);
  }

  /** Removes the entry only while it is this connection's own. */
  remove(connection: Connection): void {
    if (this.byIdentity.get(connection.identity.id) === connection) {
      this.byIdentity.delete(connection.identity.id);
    }
  }

  /** Closes the identity's connection if its epoch is below that of the eviction. */
  evict({ identity_id, epoch, code, same_session = false }: Eviction): void {
    const connection = this.byIdentity.get(identity_id);
    if (!connection || connection.epoch >= epoch) return;
    if (code === 'replaced') connection.replace(same_session);
    else connection.close(code);
  }

  all(): Connection[] {
    return [...this.byIdentity.values()];
  }
}
