"""The rules on small templates: what they leave out takes along what names it, and nothing else."""

import unittest

from variant import DanglingReference, derive, references

ARCHIVE = {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}}}
BUS = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}}


class TheVariant(unittest.TestCase):
    def test_is_the_template_where_no_rule_applies(self) -> None:
        template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Bus": BUS}, "Outputs": {}}
        self.assertEqual(derive(template), (template, []))

    def test_leaves_out_a_type_and_the_outputs_that_name_it(self) -> None:
        outputs = {"Archive": {"Value": {"Fn::Sub": "see ${Archive.Arn}"}}, "Bus": {"Value": {"Ref": "Bus"}}}
        variant, omissions = derive({"Resources": {"Archive": ARCHIVE, "Bus": BUS}, "Outputs": outputs})
        self.assertEqual(variant["Resources"], {"Bus": BUS})
        self.assertEqual(list(variant["Outputs"]), ["Bus"])
        self.assertEqual([(gone.what, gone.name) for gone in omissions],
                         [("AWS::Events::Archive", "Archive"), ("outputs", "Archive")])

    def test_leaves_out_a_type_only_where_it_has_the_property_in_question(self) -> None:
        plain = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}}
        computed = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [{"Expression": "a / b"}]}}
        variant, omissions = derive({"Resources": {"Plain": plain, "Computed": computed}})
        self.assertEqual(variant["Resources"], {"Plain": plain})
        self.assertEqual([gone.name for gone in omissions], ["Computed"])

    def test_waits_for_nothing_that_is_left_out(self) -> None:
        one = {**BUS, "DependsOn": "Archive"}
        two = {**BUS, "DependsOn": ["Archive", "Other"]}
        variant, _ = derive({"Resources": {"Archive": ARCHIVE, "Other": BUS, "One": one, "Two": two}})
        self.assertEqual(variant["Resources"], {"Other": BUS, "One": BUS, "Two": {**BUS, "DependsOn": ["Other"]}})

    def test_leaves_out_a_property_of_one_type_only(self) -> None:
        properties = {"Timeout": 3, "DeploymentPreference": {"Type": "AllAtOnce"}}
        function = {"Type": "AWS::Serverless::Function", "Properties": properties}
        other = {"Type": "Custom::Other", "Properties": properties}
        variant, omissions = derive({"Resources": {"Function": function, "Other": other}})
        self.assertEqual(variant["Resources"]["Function"]["Properties"], {"Timeout": 3})
        self.assertEqual(variant["Resources"]["Other"], other)
        self.assertEqual(len(omissions), 1)

    def test_leaves_it_out_of_what_holds_for_all_of_that_type(self) -> None:
        functions = {"Runtime": "provided.al2023", "DeploymentPreference": {"Type": "AllAtOnce"}}
        variant, omissions = derive({"Globals": {"Function": functions}, "Resources": {"Bus": BUS}})
        self.assertEqual(variant, {"Globals": {"Function": {"Runtime": "provided.al2023"}}, "Resources": {"Bus": BUS}})
        self.assertEqual([gone.name for gone in omissions], ["Globals.Function"])

    def test_is_refused_where_something_kept_needs_what_is_left_out(self) -> None:
        for reference in ({"Ref": "Archive"}, {"Fn::GetAtt": "Archive.Arn"}, {"Fn::Sub": ["${Archive}", {}]}):
            user = {"Type": "Custom::User", "Properties": {"Nested": [{"Value": reference}]}}
            with self.assertRaisesRegex(DanglingReference, "User refers to Archive"):
                derive({"Resources": {"Archive": ARCHIVE, "User": user}})


class References(unittest.TestCase):
    def test_are_found_in_every_form(self) -> None:
        node = [{"Ref": "A"}, {"Fn::GetAtt": ["B", "Arn"]}, {"Fn::GetAtt": "C.Arn"},
                {"Fn::Sub": "${D}-${E.Arn} ${!Literal}"}]
        self.assertEqual(references(node), {"A", "B", "C", "D", "E"})


if __name__ == "__main__":
    unittest.main()
