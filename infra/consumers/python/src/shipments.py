"""The table of shipments: one row for each order, whoever asks and however often."""


class Shipments:
    def __init__(self, table):
        self._table = table

    def prepare(self, order, customer):
        """Adds the shipment of an order, and says whether it is new."""
        try:
            self._table.put_item(Item={"pk": order, "customerId": customer},
                                 ConditionExpression="attribute_not_exists(pk)")
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
