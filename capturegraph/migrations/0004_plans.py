# What planning ahead needs: when people have time, plans, their answers; and what phones show beside a slot.

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('capturegraph', '0003_periodic_services'),
    ]

    operations = [
        migrations.CreateModel(
            name='Availability',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('there', 'has time'), ('away', 'is away')], default='there', max_length=5)),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField(help_text='Before this time.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name_plural': 'availabilities',
            },
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField(help_text='Before this time.')),
                ('rules', models.JSONField(default=list, help_text='Like [{"rule": "most_slots", "most": 8}].')),
                ('algorithms', models.JSONField(default=list, help_text='Names, tried one after the other.')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('accepted', 'accepted'), ('discarded', 'discarded')], default='draft', max_length=9)),
                ('operation_id', models.UUIDField(editable=False, null=True)),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(help_text='When it was accepted or discarded.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PlanPin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PlanRun',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(help_text='1 for the first answer to the plan.')),
                ('algorithm', models.CharField(max_length=40)),
                ('attempts', models.JSONField(default=list, help_text='Algorithms before it that gave up, and how.')),
                ('inputs', models.JSONField(default=dict)),
                ('stops', models.JSONField(default=list)),
                ('unfilled', models.JSONField(default=list)),
                ('prunes', models.JSONField(default=dict, help_text='How many pairs each rule refused.')),
                ('metrics', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='candidateslot',
            name='reference',
            field=models.CharField(blank=True, db_default='', editable=False, help_text='The photograph to take again: its name in the storage.', max_length=200),
        ),
        migrations.AddField(
            model_name='candidateslot',
            name='skills',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='What somebody has to be able to do, as words; plans keep to it.'),
        ),
        migrations.AddField(
            model_name='membership',
            name='capacity',
            field=models.PositiveIntegerField(blank=True, help_text='Most slots in one plan.', null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='most_walking_m',
            field=models.FloatField(blank=True, help_text='Most metres in one plan.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000)]),
        ),
        migrations.AddField(
            model_name='membership',
            name='newcomer',
            field=models.BooleanField(blank=True, help_text='Empty: whoever has no photograph that counts is one.', null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='skills',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='What they can do, as words.'),
        ),
        migrations.AddField(
            model_name='membership',
            name='start_latitude',
            field=models.FloatField(blank=True, help_text='Where plans let them set out: said by them or a coordinator, never taken from a request.', null=True, validators=[django.core.validators.MinValueValidator(-90), django.core.validators.MaxValueValidator(90)]),
        ),
        migrations.AddField(
            model_name='membership',
            name='start_longitude',
            field=models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-180), django.core.validators.MaxValueValidator(180)]),
        ),
        migrations.AddField(
            model_name='target',
            name='planning_algorithms',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='Names, tried one after the other. Empty: load balancing.', verbose_name='algorithms of plans'),
        ),
        migrations.AddField(
            model_name='target',
            name='planning_rules',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='Like [{"rule": "most_slots", "most": 8}]; plans begin with a copy.', verbose_name='rules of plans'),
        ),
        migrations.AddField(
            model_name='target',
            name='tiles_url',
            field=models.URLField(blank=True, db_default='', help_text='A PMTiles file or a MapLibre style. Empty: the outline that comes with the product.', max_length=500, verbose_name="map of one's own"),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('start_latitude', None), ('start_longitude', None)), models.Q(('start_latitude__range', (-90, 90)), ('start_longitude__range', (-180, 180))), _connector='OR'), name='a_member_sets_out_on_the_earth'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('most_walking_m', None), ('most_walking_m__gt', 0), _connector='OR'), name='who_walks_walks_some_metres'),
        ),
        migrations.AddField(
            model_name='availability',
            name='membership',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='availabilities', to='capturegraph.membership'),
        ),
        migrations.AddField(
            model_name='plan',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='plan',
            name='target',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='plans', to='capturegraph.target'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='plan',
            field=models.ForeignKey(blank=True, help_text='The plan that it was offered by.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='assignments', to='capturegraph.plan'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('state', 'planned')), fields=['target', 'volunteer'], name='planned_for_volunteer'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('state', 'planned')), fields=['slot'], name='planned_of_slot'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'planned')), fields=('slot', 'volunteer'), name='a_volunteer_is_sent_to_a_slot_once'),
        ),
        migrations.AddField(
            model_name='planpin',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pins', to='capturegraph.plan'),
        ),
        migrations.AddField(
            model_name='planpin',
            name='slot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='capturegraph.candidateslot'),
        ),
        migrations.AddField(
            model_name='planpin',
            name='volunteer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='planrun',
            name='job',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='capturegraph.job'),
        ),
        migrations.AddField(
            model_name='planrun',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='capturegraph.plan'),
        ),
        migrations.AddField(
            model_name='plan',
            name='accepted_run',
            field=models.ForeignKey(help_text='The answer that was accepted.', null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='capturegraph.planrun'),
        ),
        migrations.AddConstraint(
            model_name='availability',
            constraint=models.CheckConstraint(condition=models.Q(('until_at__gt', models.F('from_at'))), name='an_availability_lasts'),
        ),
        migrations.AddConstraint(
            model_name='availability',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['there', 'away'])), name='one_is_there_or_away'),
        ),
        migrations.AddConstraint(
            model_name='availability',
            constraint=models.UniqueConstraint(fields=('membership', 'kind', 'from_at', 'until_at'), name='a_time_is_said_once'),
        ),
        migrations.AddConstraint(
            model_name='planpin',
            constraint=models.UniqueConstraint(fields=('plan', 'slot', 'volunteer'), name='a_pair_is_pinned_once'),
        ),
        migrations.AddConstraint(
            model_name='planrun',
            constraint=models.UniqueConstraint(fields=('plan', 'number'), name='answers_are_numbered'),
        ),
        migrations.AddConstraint(
            model_name='planrun',
            constraint=models.UniqueConstraint(fields=('job',), name='a_job_gives_one_answer'),
        ),
        migrations.AddIndex(
            model_name='plan',
            index=models.Index(fields=['target', 'created_at', 'id'], name='plan_listing'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(('until_at__gt', models.F('from_at'))), name='a_plan_is_for_a_while'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'draft')), models.Q(('ended_at__isnull', False), ('state__in', ['accepted', 'discarded'])), _connector='OR'), name='a_plan_ends_when_it_ends'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'accepted'), _negated=True), ('accepted_run__isnull', False), _connector='OR'), name='what_was_accepted_is_known'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.UniqueConstraint(fields=('created_by', 'operation_id'), name='an_operation_makes_one_plan'),
        ),
    ]
