"""A client with a certificate is held to the certificate's policies.

The emulator judges policies only where it judges every credential, which the local target has none of:
a client without a certificate may publish what it likes, as before.
"""

from ministack.services import iot


def install():
    def evaluates_policies(self):
        return self.certificate_id is not None

    iot._WSSession._evaluates_policies = evaluates_policies
