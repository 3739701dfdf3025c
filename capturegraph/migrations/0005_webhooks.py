# Addresses of other programs that are told what happens, and what was sent to each.

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('capturegraph', '0004_plans'),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('url', models.URLField(max_length=500)),
                ('topics', models.JSONField(default=list, help_text='Like slot.fulfilled; empty for all.')),
                ('secret', models.CharField(editable=False, help_text='It signs, so it is kept as it is.', max_length=100)),
                ('state', models.CharField(choices=[('on', 'on'), ('off', 'off')], default='on', max_length=3)),
                ('last_event', models.BigIntegerField(default=0, editable=False, help_text='Events up to here are written down.')),
                ('failing_since', models.DateTimeField(editable=False, null=True)),
                ('operation_id', models.UUIDField(editable=False, null=True)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('target', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='capturegraph.target')),
            ],
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'delivered'), ('failed', 'failed')], default='waiting', max_length=9)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('status', models.PositiveSmallIntegerField(help_text='What the last attempt was answered.', null=True)),
                ('error', models.CharField(blank=True, help_text='Why the last attempt had no answer.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('tried_at', models.DateTimeField(null=True)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='capturegraph.event')),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='capturegraph.webhook')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.AddIndex(
            model_name='webhook',
            index=models.Index(fields=['target', 'created_at', 'id'], name='webhook_listing'),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.UniqueConstraint(fields=('created_by', 'operation_id'), name='an_operation_makes_one_webhook'),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['on', 'off'])), name='a_webhook_is_on_or_off'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['next_at'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['webhook', 'created_at', 'id'], name='delivery_listing'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('webhook', 'event'), name='an_event_is_delivered_once'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_at__isnull', False), ('state', 'waiting')), models.Q(('next_at', None), ('state__in', ['delivered', 'failed'])), _connector='OR'), name='what_waits_has_a_time'),
        ),
    ]
